"""Parts that streams and lists are made of."""

from uuid import UUID

import msgspec


class CitedSource(msgspec.Struct):
    """A source of a reply, marked `[n]` in its text."""

    n: int
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    quote: str
