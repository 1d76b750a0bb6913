"""Cursors: a place in a list, to the microsecond, and nothing that somebody else made up."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cursors import read_cursor, read_id, write_cursor
from core.errors import InvalidRequest

MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC))


@given(moment=MOMENTS, identifier=st.uuids())
def test_a_cursor_leads_back_to_the_microsecond(moment: datetime, identifier: UUID) -> None:
    assert read_cursor(write_cursor(moment, identifier)) == (moment, identifier)


@given(moment=MOMENTS, identifier=st.uuids())
def test_a_cursor_can_stand_in_an_address(moment: datetime, identifier: UUID) -> None:
    cursor = write_cursor(moment, identifier)
    assert len(cursor) == 32
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_two_rows_of_one_moment_have_two_cursors() -> None:
    now = datetime.now(UTC)
    assert write_cursor(now, uuid4()) != write_cursor(now, uuid4())
    later = write_cursor(now + timedelta(microseconds=1), UUID(int=0))
    assert read_cursor(later)[0] > now


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=" * 32,
        "a" * 31,
        "a" * 33,
        "é" * 32,
        "a" * 31 + "+",
        "a b" * 11,
        base64.urlsafe_b64encode(b"\xff" * 23).decode(),
        # Beyond what a date can be.
        base64.urlsafe_b64encode(b"\x7f" + b"\xff" * 23).decode(),
    ],
)
def test_what_is_no_cursor_is_refused_by_its_name(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_cursor(cursor)
    assert refused.value.param == "cursor"


@pytest.mark.parametrize("cursor", ["", "1", "not-an-id", "0" * 31, "g" * 32])
def test_what_is_no_id_is_refused_alike(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_id(cursor)
    assert refused.value.param == "cursor"
    assert read_id(str(UUID(int=7))) == UUID(int=7)
