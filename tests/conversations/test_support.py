"""Which statements their passages carry: on a set that the bounds were set on, and on one kept aside."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from conversations.citations.judgement import MOST_COMPARED, SECONDS, Judge
from conversations.citations.source import Source
from conversations.citations.support import decide, weigh
from conversations.citations.values import CARRIED_ANYWAY, Evidence, Judged, Marker, Quoted
from conversations.llm.base import Passage
from conversations.llm.providers import embed_texts
from tests.conversations.passages import make_passage

HERE = Path(__file__).parent / "support"
TUNED, ASIDE = HERE / "statements.jsonl", HERE / "kept_aside.jsonl"


class Case(NamedTuple):
    passage: Passage
    statement: str
    follows: bool


def passage(text: str, title: str = "T") -> Passage:
    return make_passage(text, title=title)


def cases(path: Path) -> Iterator[Case]:
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        source = passage(case["passage"], case["title"])
        for follows, name in ((True, "supported"), (False, "unsupported")):
            for statement in case[name]:
                yield Case(source, statement, follows)


def is_carried(case: Case) -> bool:
    evidence = weigh(case.statement, [Source(case.passage)])
    return asyncio.run(decide(case.statement, evidence, embed_texts))


@pytest.mark.parametrize(("path", "least"), [(TUNED, 0.9), (ASIDE, 0.9)])
def test_what_follows_is_never_doubted_and_what_does_not_nearly_always(
    path: Path, least: float
) -> None:
    judged = [(case, is_carried(case)) for case in cases(path)]
    assert [case.statement for case, carried in judged if case.follows and not carried] == []
    wrong = [carried for case, carried in judged if not case.follows]
    assert wrong.count(False) >= least * len(wrong)


def test_one_made_up_statement_among_ten_is_found() -> None:
    every = list(cases(TUNED))
    made_up = [case for case in every if case.statement == "The annual card costs 35 EUR."]
    ten = [case for case in every if case.follows][:10]
    doubted = [case.statement for case in (*ten, *made_up) if not is_carried(case)]
    assert doubted == ["The annual card costs 35 EUR."]


LIBRARY = "A card costs 20 EUR a year. The reading room opens at 3 p.m. on 3 May 2026."


@pytest.mark.parametrize(
    ("statement", "carried"),
    [
        ("The card costs 20,00 EUR.", True),
        ("The card costs 21 EUR.", False),
        ("The reading room opens at 15:00.", True),
        ("The reading room opens on 2026-05-03.", True),
        ("The reading room opens on 2026-06-04.", False),
        # Words of the question, and who answers, need no source.
        ("At Alder & Sons a card costs 20 EUR.", True),
        ("For your 7 children, cards cost 20 EUR each year.", True),
        # Across languages words tell nothing.
        ("Die Karte kostet im Jahr 20 EUR und ist für alle da.", True),
    ],
)
def test_figures_and_names_weigh_most(statement: str, carried: bool) -> None:
    known = "What is it for my 7 children?\nAlder & Sons"
    evidence = weigh(statement, [Source(passage(LIBRARY))], known)
    assert asyncio.run(decide(statement, evidence, embed_texts)) is carried


def test_two_passages_carry_a_statement_together() -> None:
    statement = "Basic has three users and Pro has phone support."
    texts = ("Basic has three users.", "Pro comes with phone support.")
    both = [Source(passage(text)) for text in texts]
    assert weigh(statement, both).carried
    assert weigh("", both) == CARRIED_ANYWAY._replace(share=0.0)


def test_without_a_model_what_is_in_doubt_is_believed() -> None:
    doubtful = Evidence(None, 0.3, ("Something else.",))
    assert asyncio.run(decide("A statement.", doubtful, None))


def test_all_doubts_of_an_answer_together_take_so_long_and_no_longer() -> None:
    asked = 0

    async def never(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()
        raise AssertionError

    doubtful = Evidence(None, 0.3, ("Something else.",))
    quoted = [Quoted(Marker(1, at), f"Statement {at}.", "", doubtful) for at in range(6)]

    async def judge() -> list[Judged]:
        return await Judge(never).judge_all(quoted)

    began = time.monotonic()
    assert all(one.supported for one in asyncio.run(judge()))
    assert asked == 1
    assert time.monotonic() - began < 5 * SECONDS


def test_no_more_doubts_of_an_answer_are_looked_at_than_so_many() -> None:
    asked = 0

    async def unlike(texts: Sequence[str]) -> NDArray[np.float32]:
        nonlocal asked
        asked += 1
        return np.eye(len(texts), dtype=np.float32)

    doubtful = Evidence(None, 0.3, ("Something else.",))
    quoted = [Quoted(Marker(1, at), f"Statement {at}.", "", doubtful) for at in range(30)]
    judged = asyncio.run(Judge(unlike).judge_all(quoted))
    assert asked == MOST_COMPARED
    assert [one.supported for one in judged] == [False] * MOST_COMPARED + [True] * (
        30 - MOST_COMPARED
    )
