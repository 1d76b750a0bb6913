"""Conversations as the workspace reads them: searched, listed, removed (in the tenant's context).

`read_transcript` and `explain_turn` read out a single one.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from conversations.history import removal
from conversations.history.explanations import explain_turn
from conversations.history.filters import ConversationFilter, Feedback
from conversations.history.matching import HITS, IS_WANTED, match_values
from conversations.history.transcripts import get_conversation, list_messages, read_transcript
from conversations.models import Conversation
from core.cursors import read_cursor, write_cursor
from core.errors import NotFound
from tenants.workspace.services import SYSTEM, record_event

# Cut in the database: a question may be 8,000 characters, and a list has 25.
_SHOWN_QUESTION = 300

_LISTED = f"""
WITH {HITS}, page AS (
    SELECT id, chatbot_id, visitor_id, external_user, channel, created_at, last_message_at
    FROM conversations_conversation
    WHERE {IS_WANTED}
        AND (%(after_time)s::timestamptz IS NULL
             OR (last_message_at, id) < (%(after_time)s, %(after_id)s::uuid))
    ORDER BY last_message_at DESC, id DESC LIMIT %(limit)s
)
"""  # noqa: S608 - of constants
_READ = """
WITH page AS (
    SELECT id, chatbot_id, visitor_id, external_user, channel, created_at, last_message_at
    FROM conversations_conversation WHERE id = %(conversation_id)s
)
"""
_ABOUT = """
SELECT page.id, page.chatbot_id, chatbot.name, page.visitor_id, page.external_user, page.channel,
    page.created_at, page.last_message_at, said.messages, coalesce(asked.text, ''), turns.answered,
    thumbs.value, coalesce(turns.cost, 0)
FROM page
JOIN conversations_chatbot AS chatbot ON chatbot.id = page.chatbot_id AND chatbot.removed_at IS NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS messages FROM conversations_message WHERE conversation_id = page.id
) said
LEFT JOIN LATERAL (
    SELECT left(text, %(shown)s) AS text FROM conversations_message
    WHERE conversation_id = page.id AND role = 'visitor' ORDER BY created_at, id LIMIT 1
) asked ON true
CROSS JOIN LATERAL (
    SELECT bool_and(turn.answered) AS answered, sum(record.cost) AS cost
    FROM conversations_turn AS turn
    LEFT JOIN billing_usagerecord AS record ON record.turn_id = turn.id
    WHERE turn.conversation_id = page.id
) turns
CROSS JOIN LATERAL (
    -- “down” comes before “up”: one complaint is worth a look.
    SELECT min(feedback.value) AS value FROM conversations_message AS message
    JOIN conversations_feedback AS feedback ON feedback.message_id = message.id
    WHERE message.conversation_id = page.id
) thumbs
ORDER BY page.last_message_at DESC, page.id DESC
"""


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation in a list.

    `last_message_at` is None while nobody has said anything, which lists leave out. `answered` is
    False when a turn of it was not, None when nothing can be told; `feedback` is “down” when any
    is; `cost` is in US dollars; `first_question` at most 300 characters.
    """

    id: UUID
    chatbot_id: UUID
    chatbot_name: str
    visitor_id: UUID
    external_user: str
    channel: str
    created_at: datetime
    last_message_at: datetime | None
    messages: int
    first_question: str
    answered: bool | None
    feedback: Feedback | None
    cost: Decimal


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of a list, the latest first; `next_cursor` leads to the next one."""

    conversations: tuple[ConversationRow, ...]
    next_cursor: str | None


def list_conversations(
    *,
    limit: int = 20,
    after: str | None = None,
    **wanted: Any,
) -> ConversationPage:
    """Conversations in which something was said; `wanted` are fields of a `ConversationFilter`. Raises
    `InvalidRequest` for an `after` that is no cursor."""
    return list_wanted(ConversationFilter(**wanted), limit=limit, after=after)


def list_wanted(
    wanted: ConversationFilter, *, limit: int = 20, after: str | None = None
) -> ConversationPage:
    """The same of a filter."""
    time, identifier = read_cursor(after) if after else (None, None)
    rows = _rows(
        _LISTED + _ABOUT,
        **match_values(wanted),
        after_time=time,
        after_id=identifier,
        # The row too many tells whether there is a next page.
        limit=limit + 1,
    )
    return ConversationPage(rows[:limit], _cursor(rows[limit - 1]) if len(rows) > limit else None)


def find_obstacles(wanted: ConversationFilter) -> tuple[str, ...]:
    """The fields of a filter that finds nothing, without any one of which it would find something."""
    return tuple(
        name for name in wanted.given if list_wanted(wanted.without(name), limit=1).conversations
    )


def _cursor(row: ConversationRow) -> str | None:
    return write_cursor(row.last_message_at, row.id) if row.last_message_at else None


def get_row(conversation_id: UUID) -> ConversationRow:
    """One conversation as the list shows it. Raises `NotFound`."""
    found = _rows(_READ + _ABOUT, conversation_id=conversation_id)
    if not found:
        raise NotFound("There is no such conversation.")
    return found[0]


def _rows(statement: str, **values: Any) -> tuple[ConversationRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "shown": _SHOWN_QUESTION})
        found = cursor.fetchall()
    return tuple(ConversationRow(*row) for row in found)


def delete_conversation(*, conversation_id: UUID, actor: str = SYSTEM) -> None:
    """Removes what was said; what it cost stays on record. Raises `NotFound`."""
    with transaction.atomic():
        # The chatbot's name: of what was said nothing may stay.
        found = Conversation.objects.filter(pk=conversation_id)
        name = found.values_list("chatbot__name", flat=True).first()
        if not removal.remove_conversation(conversation_id):
            raise NotFound("There is no such conversation.")
        target = str(conversation_id)
        record_event(action="conversation.deleted", actor=actor, target=target, name=name or "")


__all__ = [
    "ConversationFilter",
    "ConversationPage",
    "ConversationRow",
    "delete_conversation",
    "explain_turn",
    "find_obstacles",
    "get_conversation",
    "get_row",
    "list_conversations",
    "list_messages",
    "list_wanted",
    "read_transcript",
]
