"""Recall of reference text within a budget of characters. Pure.

A question's retrieved passages, best first, are taken until the next would pass the budget; recall
is the share of the reference's characters that lie in them. Overlapping ranges count once.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any


@dataclass(frozen=True, slots=True)
class Range:
    """Characters `start` up to `end` of a document, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    document: str
    references: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A retrieved passage: which document's characters it shows."""

    document: str
    range: Range


def read_questions(lines: Iterable[str]) -> list[Question]:
    """From JSON lines `{question, document, references: [{start, end}]}`.

    Raises ValueError with the number of the line that is not of that form.
    """
    return [_question(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _question(number: int, line: str) -> Question:
    try:
        raw = json.loads(line)
        references = tuple(Range(int(r["start"]), int(r["end"])) for r in raw["references"])
        question = Question(str(raw["question"]), str(raw["document"]), references)
    # The number of the line and not the line: it may be a customer's text.
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"line {number} of the questions is not of the form needed") from error
    if not _length(union(references)):
        raise ValueError(f"line {number} of the questions has no reference text")
    return question


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same characters as ranges that neither touch nor overlap, in order."""
    merged: list[Range] = []
    for item in sorted(ranges, key=lambda r: r.start):
        if merged and item.start <= merged[-1].end:
            merged[-1] = Range(merged[-1].start, max(merged[-1].end, item.end))
        elif item.end > item.start:
            merged.append(item)
    return merged


def _length(ranges: Iterable[Range]) -> int:
    return sum(item.end - item.start for item in ranges)


def _overlap(first: Sequence[Range], second: Sequence[Range]) -> int:
    return sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in first for b in second)


def within(passages: Iterable[Retrieved], budget: int) -> list[Retrieved]:
    """The passages, best first, until the next would pass the budget."""
    taken: list[Retrieved] = []
    for passage in passages:
        budget -= passage.range.end - passage.range.start
        # Not the next smaller one: a reader stops at the first that does not fit, too.
        if budget < 0:
            break
        taken.append(passage)
    return taken


def recall(question: Question, passages: Iterable[Retrieved], budget: int) -> float:
    """0 to 1."""
    references = union(question.references)
    shown = union(p.range for p in within(passages, budget) if p.document == question.document)
    return _overlap(references, shown) / _length(references)


def summarize(
    scores: Iterable[tuple[Question, Mapping[int, float]]],
) -> dict[str, Any]:
    """Means over questions: overall, and for each document."""
    scored = list(scores)
    by_document: dict[str, list[Mapping[int, float]]] = defaultdict(list)
    for question, recalls in scored:
        by_document[question.document].append(recalls)
    return {
        "overall": _means([recalls for _, recalls in scored]),
        "documents": {name: _means(rows) for name, rows in sorted(by_document.items())},
    }


def _means(rows: Sequence[Mapping[int, float]]) -> dict[str, Any]:
    budgets = sorted({budget for row in rows for budget in row})
    means = {str(budget): round(fmean(row[budget] for row in rows), 4) for budget in budgets}
    return {"recall": means, "questions": len(rows)}
