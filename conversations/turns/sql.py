"""The turn's own SQL: four statements where the ORM would send ten.

They run for every turn, and building and sending a statement costs the web process about 0.4 ms.
All of it runs in the tenant's context; rows of the same tables are otherwise written by the ORM.
"""

import json
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from conversations.llm.base import ChatMessage
from conversations.turns.events import read_contact
from conversations.turns.processes import this_process
from conversations.turns.values import Question, TurnContext, TurnOutcome
from core.ids import new_id

# A process extends its turns' leases well before this; a turn without a process is found then.
LEASE = timedelta(seconds=30)
_HISTORY_MESSAGES = 24
_ROLES: dict[str, Literal["user", "assistant"]] = {
    "visitor": "user",
    "assistant": "assistant",
    "agent": "assistant",
}

# A chatbot that is being deleted is waited for and then not there, instead of failing at the commit.
_OPEN = """
INSERT INTO conversations_conversation
    (id, chatbot_id, visitor_id, external_user, channel, created_at)
SELECT %s, id, %s, %s, %s, %s FROM conversations_chatbot
WHERE id = %s AND removed_at IS NULL FOR KEY SHARE
"""

# The locks keep a deletion out until the turn is stored. The chatbot's comes first, as it does where
# chatbots are deleted; the conversation's is the one that `_BEGIN` would take anyway.
_LOAD_TURN_CONTEXT = """
SELECT chatbot.name, chatbot.instructions, chatbot.model, chatbot.contact::text,
    chatbot.unsupported_statements, chatbot.unsourced_answers,
    ARRAY(SELECT source_id FROM conversations_chatbotsource WHERE chatbot_id = chatbot.id),
    ARRAY(
        SELECT ARRAY[role::text, text] FROM (
            SELECT role, text, created_at, id FROM conversations_message
            WHERE conversation_id = conversation.id AND text <> ''
            ORDER BY created_at DESC, id DESC LIMIT %s
        ) latest ORDER BY created_at, id
    )
FROM conversations_conversation conversation
JOIN conversations_chatbot chatbot ON chatbot.id = conversation.chatbot_id
WHERE conversation.id = %s AND chatbot.id = %s AND chatbot.removed_at IS NULL
    AND (%s::uuid IS NULL OR conversation.visitor_id = %s)
FOR KEY SHARE OF chatbot FOR NO KEY UPDATE OF conversation
"""

# One statement, so that of two requests with the same id exactly one begins a turn.
_BEGIN = """
WITH turn AS (
    INSERT INTO conversations_turn
        (id, conversation_id, client_turn_id, status, owner, lease_until, started_at, model,
         finish_reason, error_code, provider, tokens_in, tokens_out, last_seq, trace)
    VALUES (%s, %s, %s, 'running', %s, statement_timestamp() + %s, %s, %s, '', '', '', 0, 0, 0, '{}')
    ON CONFLICT (conversation_id, client_turn_id) DO NOTHING
    RETURNING id, conversation_id, started_at
), conversation AS (
    UPDATE conversations_conversation AS conversation SET last_message_at = turn.started_at
    FROM turn WHERE conversation.id = turn.conversation_id
)
INSERT INTO conversations_message
    (id, conversation_id, turn_id, role, text, status, created_at)
SELECT %s, conversation_id, id, 'visitor', %s, 'completed', started_at FROM turn
"""

# The reply and its citations are written only with the end of a turn that was still running.
_END = """
WITH turn AS (
    UPDATE conversations_turn SET
        status = %(status)s, finish_reason = %(finish_reason)s, error_code = %(error_code)s,
        provider = %(provider)s, tokens_in = %(tokens_in)s, tokens_out = %(tokens_out)s,
        first_token_at = %(first_token_at)s, ended_at = %(now)s, last_seq = %(last_seq)s,
        answered = %(answered)s, trace = %(trace)s
    WHERE id = %(turn_id)s AND status = 'running'
    RETURNING id, conversation_id
), reply AS (
    INSERT INTO conversations_message
        (id, conversation_id, turn_id, role, text, status, created_at)
    SELECT %(message_id)s, conversation_id, id, 'assistant', %(text)s, %(status)s, %(now)s
    FROM turn WHERE %(message_id)s::uuid IS NOT NULL
    RETURNING id
), cited AS (
    INSERT INTO conversations_citation
        (message_id, n, marker, document_id, title, url, page, quote, supported)
    SELECT reply.id, given.n, given.marker, given.document_id, given.title, given.url, given.page,
        given.quote, given.supported
    FROM reply, jsonb_to_recordset(%(citations)s) AS given
        (n smallint, marker integer, document_id uuid, title text, url text, page integer,
         quote text, supported boolean)
)
SELECT true FROM turn
UNION ALL SELECT false FROM conversations_message WHERE id = %(message_id)s
"""


def open_conversation(
    *, chatbot_id: UUID, visitor_id: UUID, channel: str, external_user: str, now: datetime
) -> UUID | None:
    """A new conversation's id; None when there is no such chatbot."""
    conversation_id = new_id()
    with connection.cursor() as cursor:
        values: list[Any] = [conversation_id, visitor_id, external_user, channel, now, chatbot_id]
        cursor.execute(_OPEN, values)
        return conversation_id if cursor.rowcount else None


def load_turn_context(
    conversation_id: UUID, *, chatbot_id: UUID, visitor_id: UUID | None
) -> TurnContext | None:
    """What a turn needs to know, locked to the end of the transaction; None unless the conversation is
    this chatbot's and this visitor's (`visitor_id` None: anybody's)."""
    values: list[Any] = [_HISTORY_MESSAGES, conversation_id, chatbot_id, visitor_id, visitor_id]
    with connection.cursor() as cursor:
        cursor.execute(_LOAD_TURN_CONTEXT, values)
        row = cursor.fetchone()
    if row is None:
        return None
    return TurnContext(
        conversation_id=conversation_id,
        name=row[0],
        instructions=row[1],
        model=row[2],
        contact=read_contact(json.loads(row[3])),
        unsupported_statements=row[4],
        unsourced_answers=row[5],
        source_ids=tuple(row[6]),
        history=tuple(ChatMessage(_ROLES[role], text) for role, text in row[7]),
    )


def begin_turn(
    *,
    turn_id: UUID,
    message_id: UUID,
    context: TurnContext,
    question: Question,
    model: str,
    now: datetime,
) -> bool:
    """Stores the turn and the visitor's message; False when its `client_turn_id` is taken."""
    values: list[Any] = [
        turn_id,
        context.conversation_id,
        question.client_turn_id,
        this_process(),
        LEASE,
        now,
        model,
        message_id,
        question.text,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, values)
        return bool(cursor.rowcount)


def end_turn(turn_id: UUID, outcome: TurnOutcome, now: datetime) -> bool | None:
    """Stores how the turn ended, its reply and citations; None when it had ended otherwise. False when it
    had ended so: a reply that is there is this one, and the answer to its commit was lost."""
    values: dict[str, Any] = {
        "turn_id": turn_id,
        "now": now,
        "status": outcome.status,
        "finish_reason": outcome.finish_reason,
        "error_code": outcome.error_code,
        "provider": outcome.provider,
        "tokens_in": outcome.usage.tokens_in,
        "tokens_out": outcome.usage.tokens_out,
        "first_token_at": outcome.first_token_at,
        "last_seq": outcome.last_seq,
        "answered": outcome.answered,
        "trace": json.dumps(outcome.trace),
        "message_id": outcome.message_id,
        "text": outcome.text,
        "citations": json.dumps(_citations(outcome)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_END, values)
        row = cursor.fetchone()
        return bool(row[0]) if row is not None else None


def _citations(outcome: TurnOutcome) -> list[dict[str, Any]]:
    return [
        {
            "n": cited.n,
            "marker": cited.marker,
            "document_id": str(cited.passage.document_id),
            "title": cited.passage.title,
            "url": cited.passage.url,
            "page": cited.passage.page,
            "quote": cited.quote,
            "supported": cited.supported,
        }
        for cited in outcome.citations
    ]
