"""What happens in a turn, as values, and how it is written on every transport.

An event's id is `<turn id>:<sequence number>`, numbered from 1 without a gap, so that whoever holds
the last id they saw can ask any process for the rest.
"""

from typing import Any, Literal
from uuid import UUID

import msgspec


class TokenUsage(msgspec.Struct, frozen=True):
    """Tokens of one turn, as metered."""

    tokens_in: int
    tokens_out: int


class Contact(msgspec.Struct, frozen=True):
    """How people are reached where a chatbot cannot help; what is empty was not given."""

    email: str = ""
    phone: str = ""
    url: str = ""
    hours: str = ""
    text: str = ""


class GivenFeedback(msgspec.Struct, frozen=True):
    """A visitor's own thumb on a reply (`up` or `down`) and what they wrote to it."""

    value: str
    comment: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    turn_id: UUID
    event_id: str


class TurnStarted(Event, frozen=True, kw_only=True, tag="turn.started"):
    conversation_id: UUID
    client_turn_id: str


class TurnDelta(Event, frozen=True, kw_only=True, tag="turn.delta"):
    text: str


class TurnCitation(Event, frozen=True, kw_only=True, tag="turn.citation"):
    """The passage behind one marker `[n]`; `url` only where the document is public.

    `marker` is the place of its bracket in the answer, in characters (Unicode code points) from 0; None
    in what an earlier release wrote, where it stands for each `[n]`. `supported` says whether the
    passage carries the statement before the marker.
    """

    n: int
    marker: int | None = None
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    quote: str
    supported: bool = True


class TurnCompleted(Event, frozen=True, kw_only=True, tag="turn.completed"):
    """`finish_reason` is the provider's (`stop`, `length`, …), or `stopped` by a person. `unsourced`: a
    model's answer that cites nothing. `fallback` is told where it did not help, or a person was asked
    for."""

    message_id: UUID
    finish_reason: str
    usage: TokenUsage
    unsourced: bool = False
    fallback: Contact | None = None


class TurnFailed(Event, frozen=True, kw_only=True, tag="turn.failed"):
    code: str
    message: str
    retryable: bool
    fallback: Contact | None = None


class TurnSnapshot(Event, frozen=True, kw_only=True, tag="turn.snapshot"):
    """A whole ended turn at once, when its events are gone: it replaces what was shown of it."""

    status: Literal["completed", "stopped", "interrupted", "failed"]
    text: str
    citations: list[dict[str, Any]]
    message_id: UUID | None
    finish_reason: str
    usage: TokenUsage
    unsourced: bool = False
    fallback: Contact | None = None
    feedback: GivenFeedback | None = None


TurnEvent = TurnStarted | TurnDelta | TurnCitation | TurnCompleted | TurnFailed | TurnSnapshot
LAST_EVENTS = (TurnCompleted, TurnFailed, TurnSnapshot)

_encode = msgspec.json.Encoder().encode


class _Head(msgspec.Struct):
    type: str
    event_id: str


_decode_head = msgspec.json.Decoder(_Head).decode
_decode = msgspec.json.Decoder(TurnEvent).decode


def read_contact(stored: dict[str, str]) -> Contact | None:
    """None where nothing was given."""
    return Contact(**stored) if stored else None


def wire(event: Event) -> str:
    """The event as one JSON object with `type` first."""
    return _encode(event).decode()


def read(text: str) -> TurnEvent:
    """The event a `wire` text stands for. Raises `msgspec.ValidationError`."""
    event: TurnEvent = _decode(text)
    return event


def event_id(turn_id: UUID, seq: int) -> str:
    return f"{turn_id}:{seq}"


def sequence(raw: str | None, turn_id: UUID) -> int | None:
    """The number in an event id of this turn: 0 without an id, None for an id of another turn."""
    if not raw:
        return 0
    turn, _, number = raw.rpartition(":")
    # Nine digits at most: Python would read thousands of them, slowly.
    if turn != str(turn_id) or not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return int(number)


def as_sse(line: str) -> str:
    """A wire text as a server-sent event with its `id` and `event`."""
    event = _decode_head(line)
    return f"id: {event.event_id}\nevent: {event.type}\ndata: {line}\n\n"
