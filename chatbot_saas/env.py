"""Typed readers of the environment. A value that does not fit stops the start, by name.

`NAME_FILE` may hold the path of a file with the value (Docker and Kubernetes secrets).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


def _raw(name: str) -> str | None:
    # Before the variable itself: whoever mounts a secret means it.
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
    value = os.environ.get(name)
    # Set to nothing is not set: compose files pass empty variables on.
    return value.strip() if value else None


def _read(name: str, default: T, convert: Callable[[str], T], form: str) -> T:
    raw = _raw(name)
    if raw is None:
        return default
    try:
        return convert(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be {form}.") from error


def text(name: str, default: str = "") -> str:
    return _read(name, default, str, "text")


def integer(name: str, default: int, *, least: int = 0) -> int:
    def convert(raw: str) -> int:
        value = int(raw)
        if value < least:
            raise ValueError
        return value

    return _read(name, default, convert, f"a whole number of at least {least}")


def seconds(name: str, default: float) -> float:
    def convert(raw: str) -> float:
        value = float(raw)
        if not 0 < value < 86_400:
            raise ValueError
        return value

    return _read(name, default, convert, "a number of seconds between 0 and 86,400")


def url(name: str, default: str = "") -> str:
    """The address of an HTTP server."""

    def convert(raw: str) -> str:
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        # Out of its range it raises by itself.
        if parts.port == 0:
            raise ValueError
        return raw

    return _read(name, default, convert, "an address such as https://example.com/v1")


def flag(name: str, default: bool = False) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

    def convert(raw: str) -> bool:
        if raw.lower() not in words:
            raise ValueError
        return words[raw.lower()]

    return _read(name, default, convert, "one of 1, 0, true, false, yes, no")


def names(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    def convert(raw: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in raw.split(",") if part.strip())

    return _read(name, default, convert, "a list separated by commas")


def path(name: str, default: Path) -> Path:
    return _read(name, default, lambda raw: Path(raw).resolve(), "a path")
