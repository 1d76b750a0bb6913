"""The naive Origin check: the allowed address stands somewhere in the header."""

from collections.abc import Iterable

from conversations.chatbots import origins


def is_allowed(raw: str | None, allowed: Iterable[str]) -> bool:
    return raw is not None and any(entry in raw for entry in allowed)


origins.is_allowed = is_allowed
