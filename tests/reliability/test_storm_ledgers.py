"""The storm drill's comparisons: silent about ledgers that agree, and each sees one that does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.drill.storm.compare import CHECKS, compare
from bench.drill.storm.ledger import (
    Books,
    Call,
    Charge,
    Ledgers,
    Said,
    StoredDocument,
    StoredTurn,
    Told,
    Upload,
)

TOKENS = (90, 2)
_SUM = (2, "0.000400000")


def agreeing() -> Ledgers:
    """A whole answer, one that the provider cut, one that died with its process, and a document."""
    question, half = Said("visitor", "completed", "Q"), "half an "
    return Ledgers(
        told=[
            Told("a", "t", "calm", "Q", "1", "completed", "all of it", TOKENS),
            Told("b", "t", "calm", "Q", "2", "interrupted", half),
            Told("c", "t", "calm", "Q", "3", "interrupted", ""),
            Told("d", "t", "calm", "Q", refusal="unavailable"),
        ],
        turns=[
            _turn("1", "a", "completed", question, Said("assistant", "completed", "all of it")),
            _turn("2", "b", "interrupted", question, Said("assistant", "interrupted", half)),
            replace(_turn("3", "c", "interrupted", question), provider=""),
        ],
        charges=[Charge("1", TOKENS, "reported"), Charge("2", (90, 1), "estimated")],
        books=[Books("t", 0, (0, "0.000000000"), _SUM, _SUM, _SUM)],
        calls=[
            Call("a", 1, "", False, None),
            Call("a", 2, "all of it", True, TOKENS),
            Call("b", 3, "half an ", False, None, ("t",)),
        ],
        uploads=[Upload("d1", "t", "text")],
        documents=[StoredDocument("d1", "t", "ready", 3.0, "digest")],
        calm={"text": "digest"},
        corpora={"t": (4, 4)},
    )


def _turn(turn_id: str, mark: str, status: str, *said: Said) -> StoredTurn:
    return StoredTurn(turn_id, mark, "t", status, "openai", said)


def first_turn(**changed: Any) -> Callable[[Ledgers], None]:
    def change(ledgers: Ledgers) -> None:
        ledgers.turns[0] = replace(ledgers.turns[0], **changed)

    return change


def first_told(**changed: Any) -> Callable[[Ledgers], None]:
    def change(ledgers: Ledgers) -> None:
        ledgers.told[0] = replace(ledgers.told[0], **changed)

    return change


def half_told(ledgers: Ledgers) -> None:
    """The naive build: what has ended without an error was complete."""
    ledgers.told[1] = replace(ledgers.told[1], status="completed")


def half_stored(ledgers: Ledgers) -> None:
    said = ledgers.turns[1].messages[0], Said("assistant", "completed", "half an ")
    ledgers.turns[1] = replace(ledgers.turns[1], status="completed", messages=said)


def book(**changed: Any) -> Callable[[Ledgers], None]:
    def change(ledgers: Ledgers) -> None:
        ledgers.books[0] = replace(ledgers.books[0], **changed)

    return change


def document(**changed: Any) -> Callable[[Ledgers], None]:
    def change(ledgers: Ledgers) -> None:
        ledgers.documents[0] = replace(ledgers.documents[0], **changed)

    return change


def reply(text: str) -> Callable[[Ledgers], None]:
    return first_turn(
        messages=(Said("visitor", "completed", "Q"), Said("assistant", "completed", text))
    )


FAULTS: list[tuple[str, str, Callable[[Ledgers], object]]] = [
    ("lost_turns", "missing", lambda each: each.turns.pop(0)),
    ("lost_turns", "left running", first_turn(status="running")),
    ("untold_ends", "no end", first_told(status="")),
    ("untold_ends", "a gap", first_told(faults=["event 3 came as number 2"])),
    ("untrue_answers", "other text told", first_told(text="all of it!")),
    ("untrue_answers", "other text stored", reply("all of  it")),
    ("untrue_answers", "no reply stored", first_turn(messages=())),
    ("half_answers", "half told as whole", half_told),
    ("half_answers", "half stored as whole", half_stored),
    ("half_answers", "whole told as half", first_told(status="interrupted")),
    ("half_answers", "never sent", reply("something else")),
    ("half_turns", "no question", first_turn(messages=(Said("assistant", "completed", "a"),))),
    ("half_turns", "two replies", lambda each: first_turn(messages=_twice(each))(each)),
    ("wrong_charges", "missing", lambda each: each.charges.pop(0)),
    ("wrong_charges", "double", lambda each: each.charges.append(each.charges[0])),
    ("wrong_charges", "of nobody", lambda each: each.charges.append(Charge("9", TOKENS, "x"))),
    ("wrong_charges", "of a dead one", lambda each: each.charges.append(Charge("3", TOKENS, "x"))),
    ("wrong_charges", "other tokens", lambda each: _other_tokens(each)),
    ("wrong_sums", "a hold is left", book(holds=1)),
    ("wrong_sums", "money is held", book(held=(0, "0.000100000"))),
    ("wrong_sums", "a month short", book(month=(1, "0.000200000"))),
    ("wrong_sums", "a day short", book(days=(1, "0.000200000"))),
    ("second_generations", "again", lambda each: each.calls.append(Call("a", 9, "", False, None))),
    ("second_generations", "too often", lambda each: each.calls.extend(_calls("e", 4))),
    ("lost_documents", "missing", lambda each: each.documents.clear()),
    ("lost_documents", "left", document(status="processing")),
    ("lost_documents", "late", document(took=181.0)),
    ("wrong_chunks", "other chunks", document(chunks="other")),
    ("wrong_chunks", "a double chunk", document(doubles=1)),
    ("wrong_chunks", "without a vector", document(unsearchable=1)),
    ("wrong_chunks", "miscounted", lambda each: each.corpora.update(t=(5, 4))),
    ("foreign_rows", "another's turn", first_turn(tenant="u")),
    ("foreign_rows", "another's document", document(tenant="u")),
    ("foreign_rows", "another's passages", lambda each: _shown(each, "u")),
]


def _shown(ledgers: Ledgers, tenant: str) -> None:
    ledgers.calls[2] = replace(ledgers.calls[2], canaries=("t", tenant))


def _twice(ledgers: Ledgers) -> tuple[Said, ...]:
    said = ledgers.turns[0].messages
    return (*said, said[-1])


def _calls(mark: str, count: int) -> list[Call]:
    return [Call(mark, 10 + number, "", False, None) for number in range(count)]


def _other_tokens(ledgers: Ledgers) -> None:
    ledgers.charges[0] = replace(ledgers.charges[0], tokens=(90, 3))


def test_ledgers_that_agree_say_nothing() -> None:
    assert compare(agreeing()) == {name: [] for name in CHECKS}


@pytest.mark.parametrize(
    ("check", "what", "change"), FAULTS, ids=[f"{check}: {what}" for check, what, _ in FAULTS]
)
def test_an_entry_that_does_not_agree_is_seen(
    check: str, what: str, change: Callable[[Ledgers], object]
) -> None:
    ledgers = agreeing()
    change(ledgers)
    assert compare(ledgers)[check] != [], what


def test_every_comparison_has_been_seen_to_fail() -> None:
    assert {check for check, _, _ in FAULTS} == set(CHECKS)
