"""The naive Origin check: the allowed address stands somewhere in the header."""

from collections.abc import Iterable

from conversations.chatbots import origins


def _host(entry: str) -> str:
    return entry.partition("://")[2].removeprefix("*.")


def is_allowed(raw: str | None, allowed: Iterable[str]) -> bool:
    return raw is not None and any(_host(entry) in raw for entry in allowed)


origins.is_allowed = is_allowed
