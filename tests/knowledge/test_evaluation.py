"""Recall by hand-counted examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evaluation import (
    Question,
    Range,
    Retrieved,
    read_questions,
    recall,
    summarize,
    union,
)

QUESTION = Question("?", "a.md", (Range(0, 10), Range(20, 30)))


def shown(*ranges: tuple[int, int], document: str = "a.md") -> list[Retrieved]:
    return [Retrieved(document, Range(*pair)) for pair in ranges]


def test_recall_is_the_share_of_reference_characters_shown() -> None:
    assert recall(QUESTION, shown((5, 25)), 100) == 0.5
    assert recall(QUESTION, shown((0, 10), (20, 30)), 100) == 1.0


def test_characters_shown_twice_or_asked_for_twice_count_once() -> None:
    twice = Question("?", "a.md", (Range(0, 10), Range(5, 10)))
    assert recall(twice, shown((0, 5), (0, 5), (2, 5)), 100) == 0.5


def test_another_document_shows_nothing() -> None:
    assert recall(QUESTION, shown((0, 30), document="b.md"), 100) == 0.0


def test_passages_are_taken_until_the_next_would_pass_the_budget() -> None:
    passages = shown((0, 10), (100, 195), (20, 30))
    assert recall(QUESTION, passages, 115) == 1.0
    assert recall(QUESTION, passages, 105) == 0.5
    assert recall(QUESTION, passages, 104) == 0.5


ranges = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: Range(min(p), max(p)))
)


@given(ranges)
def test_a_union_has_the_same_characters_once(given: list[Range]) -> None:
    merged = union(given)
    covered = {place for item in given for place in range(item.start, item.end)}
    assert sum(item.end - item.start for item in merged) == len(covered)
    assert {place for item in merged for place in range(item.start, item.end)} == covered


def test_means_are_over_questions_and_by_document() -> None:
    other = Question("?", "b.md", (Range(0, 1),))
    scores = [
        (QUESTION, {40: 1.0, 80: 1.0}),
        (QUESTION, {40: 0.5, 80: 1.0}),
        (other, {40: 0.0, 80: 1.0}),
    ]
    assert summarize(scores) == {
        "overall": {"recall": {"40": 0.5, "80": 1.0}, "questions": 3},
        "documents": {
            "a.md": {"recall": {"40": 0.75, "80": 1.0}, "questions": 2},
            "b.md": {"recall": {"40": 0.0, "80": 1.0}, "questions": 1},
        },
    }


@pytest.mark.parametrize(
    "line", ["nonsense", '{"question": "?"}', '{"question":"?","document":"a","references":[]}']
)
def test_a_line_of_another_form_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_questions(['{"question":"?","document":"a","references":[{"start":0,"end":1}]}', line])
