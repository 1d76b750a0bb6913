"""Which conversations a list has."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

Feedback = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """All of it has to be so; a field's default asks for nothing.

    `search`: words that stand together in one message. `answered` False: with a question that was not.
    `failed`: with one whose answer failed or broke off. `feedback`: with such a thumb; `commented`: with
    a visitor's words on an answer. `since` and `until`: days (UTC) of the last message, both included.
    `channel` None: all but previews.
    """

    search: str = ""
    since: date | None = None
    until: date | None = None
    chatbot_id: UUID | None = None
    channel: str | None = None
    answered: bool | None = None
    failed: bool = False
    feedback: Feedback | None = None
    commented: bool = False

    @property
    def given(self) -> tuple[str, ...]:
        """The fields that ask for something."""
        return tuple(
            each.name for each in fields(self) if getattr(self, each.name) not in (None, False, "")
        ) + (("answered",) if self.answered is False else ())

    def without(self, name: str) -> "ConversationFilter":
        return replace(self, **{name: getattr(_EVERYTHING, name)})

    def parameters(self) -> dict[str, Any]:
        """Values of a statement; days as moments, the last one's end not included."""
        until = None if self.until is None else self.until + timedelta(days=1)
        return asdict(self) | {"since": _midnight(self.since), "until": _midnight(until)}


_EVERYTHING = ConversationFilter()


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=UTC)
