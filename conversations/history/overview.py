"""A workspace's recent weeks in numbers (in the tenant's context)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.utils import timezone

# One pass over an index that holds all of it; previews are few, and found by an index of their own. The
# row without a day is of all days.
_COUNTS = """
WITH previews AS (SELECT id FROM conversations_conversation WHERE channel = 'preview'),
thumbs AS (
    SELECT count(*) FILTER (WHERE value = 'up') AS up, count(*) FILTER (WHERE value = 'down') AS down
    FROM conversations_feedback
    WHERE created_at >= %(since)s AND message_id NOT IN (
        SELECT message.id FROM conversations_message AS message
        WHERE message.conversation_id IN (SELECT id FROM previews))
), days AS (
    SELECT (started_at AT TIME ZONE 'UTC')::date AS day, count(DISTINCT conversation_id), count(*),
        count(*) FILTER (WHERE answered), count(*) FILTER (WHERE NOT answered)
    FROM conversations_turn
    WHERE started_at >= %(since)s AND conversation_id NOT IN (SELECT id FROM previews)
    GROUP BY GROUPING SETS ((1), ())
)
SELECT days.*, thumbs.up, thumbs.down FROM days, thumbs
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


def first_moment(days: int) -> datetime:
    """When the last `days` days began, today (UTC) included."""
    first = timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def summarize(days: int = 30) -> Overview:
    """Counts of the last `days` days by UTC, previews left out, in one query."""
    since = first_moment(days)
    first = since.date()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"since": since})
        rows = cursor.fetchall()
    counted = {row[0]: DayCount(*row[:5]) for row in rows if row[0] is not None}
    [(conversations, thumbs_up, thumbs_down)] = [
        (row[1], row[5], row[6]) for row in rows if row[0] is None
    ]
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
