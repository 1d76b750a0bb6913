"""A question with what its answer must hold, and the grade of an answer. Pure."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Grade = Literal["right", "rightly unknown", "useless", "wrong"]
GRADES: tuple[Grade, ...] = ("right", "rightly unknown", "useless", "wrong")
Expected = Literal["answer", "unknown", "reply"]

_CITED = re.compile(r"\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Question:
    """`earlier` was asked before it, oldest first. Of each group of `need` one text must stand in the
    answer, of `ban` none. An "answer" cites its source; an "unknown" and a "reply" cite nothing."""

    text: str
    kind: str
    earlier: tuple[str, ...]
    need: tuple[tuple[str, ...], ...]
    ban: tuple[str, ...]
    expected: Expected


def read_questions(lines: Iterable[str]) -> list[Question]:
    """From JSON lines `{kind, question, need, ban, earlier?, expect?}`. Raises ValueError with the
    number of the line that is not of that form."""
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_read(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is not of the form needed") from error
    return found


def _read(raw: dict[str, object]) -> Question:
    need, earlier, ban = raw["need"], raw.get("earlier", []), raw["ban"]
    if not (isinstance(need, list) and isinstance(earlier, list) and isinstance(ban, list)):
        raise TypeError
    kind = str(raw["kind"])
    expected: Expected = "unknown" if kind == "unknown" else "answer"
    if raw.get("expect") in ("unknown", "reply"):
        expected = "reply" if raw["expect"] == "reply" else "unknown"
    if expected == "answer" and not need:
        raise ValueError
    return Question(
        text=str(raw["question"]),
        kind=kind,
        earlier=tuple(map(str, earlier)),
        need=tuple(tuple(map(str, group)) for group in need),
        ban=tuple(map(str, ban)),
        expected=expected,
    )


def grade(question: Question, answer: str) -> Grade:
    """Wrong is what misleads: a banned text, or a quotation where nothing answers. Useless is what
    merely does not help, an honest "I do not know" included."""
    said = normalise(answer)
    cites = bool(_CITED.search(answer))
    if any(normalise(text) in said for text in question.ban):
        return "wrong"
    if cites and question.expected != "answer":
        return "wrong"
    if cites != (question.expected == "answer") or not _holds(said, question.need):
        return "useless"
    return "rightly unknown" if question.expected == "unknown" else "right"


def _holds(said: str, need: Sequence[Sequence[str]]) -> bool:
    return all(any(normalise(text) in said for text in group) for group in need)


def normalise(text: str) -> str:
    """Without differences of case, composition and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def count(grades: Iterable[Grade]) -> dict[str, float]:
    """Each grade's number, and the shares that are looked at (percent)."""
    counted = Counter(grades)
    total = counted.total() or 1
    good = counted["right"] + counted["rightly unknown"]
    return {
        **{name: counted[name] for name in GRADES},
        "questions": counted.total(),
        "good_percent": round(100 * good / total, 1),
        "wrong_percent": round(100 * counted["wrong"] / total, 1),
    }
