"""Cursors of lists: where a page ended, as an opaque text that a caller hands back."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.errors import InvalidRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BYTES = 8 + 16


def write_cursor(moment: datetime, identifier: UUID) -> str:
    """A place in a list that is ordered by time, then by id: 32 characters, to the microsecond."""
    # PostgreSQL keeps microseconds; a float would lose the last ones and skip a row.
    microseconds = (moment - _EPOCH) // _MICROSECOND
    raw = microseconds.to_bytes(8, "big", signed=True) + identifier.bytes
    return base64.urlsafe_b64encode(raw).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The inverse. Raises `InvalidRequest` for what `write_cursor` never wrote."""
    try:
        # Strict: Python would otherwise drop what is no base64 and read the rest.
        raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        if len(raw) != _BYTES:
            raise ValueError("a cursor has 24 bytes")
        microseconds = int.from_bytes(raw[:8], "big", signed=True)
        return _EPOCH + microseconds * _MICROSECOND, UUID(bytes=raw[8:])
    except (ValueError, binascii.Error, OverflowError) as error:
        raise bad_cursor() from error


def read_id(cursor: str) -> UUID:
    """The cursor of a list that is ordered by id. Raises `InvalidRequest`."""
    try:
        return UUID(cursor)
    except ValueError as error:
        raise bad_cursor() from error


def bad_cursor() -> InvalidRequest:
    return InvalidRequest("cursor must be a next_cursor of a list.", param="cursor")
