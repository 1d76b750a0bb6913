"""Parts that streams and lists are made of."""

from uuid import UUID

import msgspec


class CitedSource(msgspec.Struct):
    """What one marker `[n]` of a reply rests on. `marker` is the place of its bracket in the text, in
    characters (Unicode code points) from 0; null in replies of earlier releases, for each `[n]`.
    `supported` says whether the quoted passage carries the statement before it."""

    n: int
    marker: int | None
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    quote: str
    supported: bool
