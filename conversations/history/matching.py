"""The conversations that a filter finds, as parts of statements; values are `match_values`."""

from typing import Any

from conversations.history.filters import ConversationFilter
from conversations.turns.question import without_nul

MAX_SEARCH_LENGTH = 200
# Search goes through the index of words first, so that a page costs the words and not the messages.
# The last word may be a beginning; every word has to stand in one message.
HITS = """
wanted AS (
    SELECT (nullif(plainto_tsquery('simple', %(search)s)::text, '') || ':*')::tsquery AS words
), hits AS MATERIALIZED (
    SELECT DISTINCT conversation_id FROM conversations_message, wanted
    WHERE %(search)s <> '' AND to_tsvector('simple'::regconfig, coalesce(text, '')) @@ words
)
"""
# A condition on a row of the conversations.
IS_WANTED = """
    last_message_at IS NOT NULL
    AND chatbot_id NOT IN (SELECT id FROM conversations_chatbot WHERE removed_at IS NOT NULL)
    AND (%(search)s = '' OR id IN (SELECT conversation_id FROM hits))
    AND (%(chatbot_id)s::uuid IS NULL OR chatbot_id = %(chatbot_id)s)
    AND CASE WHEN %(channel)s::text IS NULL THEN channel <> 'preview' ELSE channel = %(channel)s END
    AND (%(since)s::timestamptz IS NULL OR last_message_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR last_message_at < %(until)s)
    AND (%(answered)s::boolean IS NULL OR %(answered)s = NOT EXISTS (
        SELECT FROM conversations_turn AS turn
        WHERE turn.conversation_id = conversations_conversation.id AND NOT turn.answered))
    AND (NOT %(failed)s OR EXISTS (
        SELECT FROM conversations_turn AS turn
        WHERE turn.conversation_id = conversations_conversation.id
            AND turn.status IN ('failed', 'interrupted')))
    AND (%(feedback)s::text IS NULL AND NOT %(commented)s OR EXISTS (
        SELECT FROM conversations_message AS message
        JOIN conversations_feedback AS feedback ON feedback.message_id = message.id
        WHERE message.conversation_id = conversations_conversation.id
            AND feedback.value = coalesce(%(feedback)s, feedback.value)
            AND (NOT %(commented)s OR feedback.comment <> '')))
"""


def match_values(wanted: ConversationFilter) -> dict[str, Any]:
    words = without_nul(wanted.search).strip()[:MAX_SEARCH_LENGTH]
    return wanted.parameters() | {"search": words}
