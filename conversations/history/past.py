"""A visitor's own conversations, as they find them again (in the tenant's context)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from core.cursors import read_cursor, write_cursor

MAX_LISTED = 20
# Cut in the database: a question may be 8,000 characters.
_SHOWN_TITLE = 120

# `chatbot, visitor_id` begin an index, and a visitor has few conversations.
_LISTED = """
SELECT conversation.id, left(asked.text, %(shown)s), conversation.last_message_at
FROM conversations_conversation AS conversation
JOIN conversations_chatbot AS chatbot
    ON chatbot.id = conversation.chatbot_id AND chatbot.removed_at IS NULL
CROSS JOIN LATERAL (
    SELECT text FROM conversations_message
    WHERE conversation_id = conversation.id AND role = 'visitor' ORDER BY created_at, id LIMIT 1
) asked
WHERE conversation.chatbot_id = %(chatbot_id)s AND conversation.visitor_id = %(visitor_id)s
    AND conversation.last_message_at IS NOT NULL
    AND (%(after_time)s::timestamptz IS NULL
         OR (conversation.last_message_at, conversation.id) < (%(after_time)s, %(after_id)s::uuid))
ORDER BY conversation.last_message_at DESC, conversation.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PastConversation:
    """`title` is the first 120 characters of its first question."""

    conversation_id: UUID
    title: str
    last_message_at: datetime


@dataclass(frozen=True, slots=True)
class PastPage:
    """The latest first; `next_cursor` leads to earlier ones."""

    conversations: tuple[PastConversation, ...]
    next_cursor: str | None


def list_past(*, chatbot_id: UUID, visitor_id: UUID, limit: int, after: str | None) -> PastPage:
    """Conversations of this visitor with this chatbot in which something was asked. Raises
    `InvalidRequest` for an `after` that is no cursor."""
    time, identifier = read_cursor(after) if after else (None, None)
    values: dict[str, Any] = {
        "shown": _SHOWN_TITLE,
        "chatbot_id": chatbot_id,
        "visitor_id": visitor_id,
        "after_time": time,
        "after_id": identifier,
        # The row too many tells whether there is a next page.
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, values)
        found = tuple(PastConversation(*row) for row in cursor.fetchall())
    page = found[:limit]
    more = len(found) > limit
    return PastPage(
        page, write_cursor(page[-1].last_message_at, page[-1].conversation_id) if more else None
    )
