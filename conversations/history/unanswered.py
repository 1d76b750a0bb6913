"""What visitors asked and were not told (in the tenant's context)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from conversations.history.overview import first_moment

# Of a workspace that answers nothing, the newest tell enough.
_LOOKED_AT = 1000
_PLACES = 3
_SHOWN = 300
# Equal is what differs in case, blanks or the sign at its end alone.
_UNANSWERED = r"""
WITH turn AS (
    SELECT id, conversation_id, started_at FROM conversations_turn
    WHERE started_at >= %(since)s AND (answered = false OR status IN ('failed', 'interrupted'))
        AND answered IS NOT TRUE
        AND conversation_id NOT IN (
            SELECT conversation.id FROM conversations_conversation AS conversation
            WHERE channel = 'preview')
        AND conversation_id NOT IN (
            SELECT conversation.id FROM conversations_conversation AS conversation
            JOIN conversations_chatbot AS chatbot ON chatbot.id = conversation.chatbot_id
            WHERE chatbot.removed_at IS NOT NULL)
    ORDER BY started_at DESC LIMIT %(looked_at)s
), asked AS (
    SELECT turn.id, turn.conversation_id, turn.started_at, left(message.text, %(shown)s) AS text,
        md5(lower(rtrim(regexp_replace(message.text, '\s+', ' ', 'g'), ' ?.!؟？。'))) AS same
    FROM turn JOIN conversations_message AS message
        ON message.turn_id = turn.id AND message.role = 'visitor'
)
SELECT (array_agg(text ORDER BY started_at DESC))[1], count(*), max(started_at),
    (array_agg(ARRAY[conversation_id, id] ORDER BY started_at DESC))[1:%(places)s]
FROM asked GROUP BY same ORDER BY max(started_at) DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question was asked."""

    conversation_id: UUID
    turn_id: UUID


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was not answered `times` times, as it was put last, at most 300 characters of it.
    `places` are the latest three, first the last."""

    text: str
    times: int
    last_at: datetime
    places: tuple[Place, ...]


def list_unanswered(*, days: int = 30, limit: int = 8) -> tuple[Unanswered, ...]:
    """Of the last `days` days, the newest first, in one query; previews are no visitors'."""
    values: dict[str, datetime | int] = {
        "since": first_moment(days),
        "looked_at": _LOOKED_AT,
        "shown": _SHOWN,
        "places": _PLACES,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNANSWERED, values)
        rows = cursor.fetchall()
    return tuple(
        Unanswered(text, times, last_at, tuple(Place(*place) for place in places))
        for text, times, last_at, places in rows
    )
