"""How an answer of the offline answerer is graded, and that the questions can be asked."""

import json
from pathlib import Path

import pytest

from bench.answers.grading import count, grade, read_questions

ROOT = Path(__file__).resolve().parents[2] / "bench" / "answers"
FILES = sorted(ROOT.glob("*/*/questions.jsonl"))


def graded(answer: str, **raw: object) -> str:
    line = {"kind": "fact", "question": "How much?", "need": [["5 EUR"]], "ban": ["7 EUR"], **raw}
    return grade(read_questions([json.dumps(line)])[0], answer)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("“It costs 5 eur.” [1]", "right"),
        ("“It costs 5 EUR or 7 EUR.” [1]", "wrong"),
        ("“It is blue.” [1]", "useless"),
        ("It costs 5 EUR.", "useless"),
        ("I do not know.", "useless"),
    ],
)
def test_an_answer_is_right_where_it_cites_and_holds_what_is_needed(
    answer: str, expected: str
) -> None:
    assert graded(answer) == expected


def test_a_quotation_where_nothing_answers_is_wrong() -> None:
    unknown = {"kind": "unknown", "need": [], "ban": []}
    assert graded("I do not know.", **unknown) == "rightly unknown"
    assert graded("“It is blue.” [1]", **unknown) == "wrong"
    assert graded("“It is blue.” [1]", expect="reply", need=[], ban=[]) == "wrong"
    assert graded("You are welcome.", expect="reply", need=[["welcome"]], ban=[]) == "right"


def test_shares_are_of_all_questions() -> None:
    figures = count(["right", "rightly unknown", "useless", "wrong"])
    assert (figures["good_percent"], figures["wrong_percent"]) == (50.0, 25.0)


@pytest.mark.parametrize("line", ["{", "{}", '{"kind": "fact", "question": "", "need": 1}', "[]"])
def test_a_line_of_another_form_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 1 "):
        read_questions([line])


def test_there_are_questions_and_documents_enough_in_both_parts() -> None:
    assert {path.parent.parent.name for path in FILES} == {"tuning", "reported"}
    assert sum(len(read_questions(path.read_text().splitlines())) for path in FILES) >= 200
    assert len([*ROOT.glob("*/*/*.md"), *ROOT.glob("*/*/*.txt")]) >= 12
