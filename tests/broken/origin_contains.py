"""The naive Origin check: the allowed address stands somewhere in the header."""

from collections.abc import Iterable

from conversations import sessions


def is_allowed(raw: str | None, allowed: Iterable[str]) -> bool:
    return raw is not None and any(entry in raw for entry in allowed)


sessions.is_allowed = is_allowed
