"""A workspace's recent weeks in numbers (in the tenant's context)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

# One pass over an index that holds all of it.
_DAYS = """
SELECT (started_at AT TIME ZONE 'UTC')::date, count(DISTINCT conversation_id), count(*),
    count(*) FILTER (WHERE answered), count(*) FILTER (WHERE NOT answered)
FROM conversations_turn WHERE started_at >= %s GROUP BY 1
"""
_SUMS = """
SELECT (SELECT count(DISTINCT conversation_id) FROM conversations_turn WHERE started_at >= %s),
    count(*) FILTER (WHERE value = 'up'), count(*) FILTER (WHERE value = 'down')
FROM conversations_feedback WHERE created_at >= %s
"""


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day (UTC). `messages` are visitors' questions; those neither answered nor not answered
    are still running, or were stopped. A conversation counts on each day it went on."""

    day: date
    conversations: int
    messages: int
    answered: int
    not_answered: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The last `len(days)` days, today included; `days` has every one of them, oldest first."""

    conversations: int
    messages: int
    answered: int
    not_answered: int
    thumbs_up: int
    thumbs_down: int
    days: tuple[DayCount, ...]


def summarize(days: int = 30) -> Overview:
    """Counts of the last `days` days by UTC, in two queries."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    with connection.cursor() as cursor:
        counted = {row[0]: DayCount(*row) for row in _fetch(cursor, _DAYS, since)}
        [(conversations, thumbs_up, thumbs_down)] = _fetch(cursor, _SUMS, since, since)
    every = (first + timedelta(days=number) for number in range(days))
    # Days without a question are no rows, and a chart without them would lie.
    series = tuple(counted.get(day, DayCount(day, 0, 0, 0, 0)) for day in every)
    return Overview(
        conversations=conversations,
        messages=sum(day.messages for day in series),
        answered=sum(day.answered for day in series),
        not_answered=sum(day.not_answered for day in series),
        thumbs_up=thumbs_up,
        thumbs_down=thumbs_down,
        days=series,
    )


def _fetch(cursor: Any, statement: str, *values: datetime) -> list[tuple[Any, ...]]:
    cursor.execute(statement, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
