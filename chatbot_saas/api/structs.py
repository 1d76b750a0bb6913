"""Parts that several resources are made of."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]


class CitedSource(msgspec.Struct):
    """A source of a reply, marked `[n]` in its text."""

    n: int
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    quote: str
