"""Lists that go on from page to page: what a page's address says, read with care."""

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest

from core.errors import InvalidRequest

# Python refuses to read a number of thousands of digits.
_NUMBER = re.compile(r"[0-9]{1,9}")
_MAX_VALUE_LENGTH = 200


def uuid_in(request: HttpRequest, name: str) -> UUID | None:
    """An id in the query, None without one. Raises `InvalidRequest`."""
    raw = request.GET.get(name, "")
    if not raw:
        return None
    try:
        return UUID(raw)
    except ValueError as error:
        raise InvalidRequest("This link is not complete. Go back to the list.") from error


def number_in(request: HttpRequest, name: str) -> int | None:
    """A whole number in the query, None without one. Raises `InvalidRequest`."""
    raw = request.GET.get(name, "")
    if not raw:
        return None
    if not _NUMBER.fullmatch(raw):
        raise InvalidRequest("This link is not complete. Go back to the list.")
    return int(raw)


def date_in(request: HttpRequest, name: str) -> date | None:
    """A day in the query, None without one. Raises `InvalidRequest`."""
    raw = request.GET.get(name, "")
    if not raw:
        return None
    try:
        found = date.fromisoformat(raw)
    except ValueError as error:
        raise InvalidRequest("A day is written as 2026-01-31.") from error
    # The calendar's ends leave no room for the day after.
    if not 1900 < found.year < 3000:
        raise InvalidRequest("A day is written as 2026-01-31.")
    return found


def text_in(request: HttpRequest, name: str) -> str:
    """A short text in the query. A NUL is dropped, which PostgreSQL does not store."""
    return request.GET.get(name, "").replace("\0", "").strip()[:_MAX_VALUE_LENGTH]


def query_of(request: HttpRequest, names: Iterable[str]) -> str:
    """What these filters are, as the query of another page's address; empty without any."""
    kept = {name: text_in(request, name) for name in names}
    return urlencode({name: value for name, value in kept.items() if value})


def address(request: HttpRequest, **changed: object) -> str:
    """This page's address with some of its query replaced; what is empty is left out."""
    query = {**request.GET.dict(), **changed}
    # A link that says nothing it need not say is one that can be read and shared.
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path
