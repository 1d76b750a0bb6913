"""Ten thousand conversations in a second: what pages and lists are measured with."""

from uuid import UUID

from django.db import connection

from tenants.context import tenant_context

# One of 20 words an hour, so that a search finds some; every 500th speaks of the one rare thing.
_FILL = """
WITH talk AS (
    INSERT INTO conversations_conversation
        (id, chatbot_id, visitor_id, external_user, channel, created_at, last_message_at)
    SELECT gen_random_uuid(), %(chatbot)s, gen_random_uuid(), '', 'widget',
        now() - n * interval '4 minutes', now() - n * interval '4 minutes'
    FROM generate_series(1, %(count)s) n RETURNING id, created_at
), turn AS (
    INSERT INTO conversations_turn
        (id, conversation_id, client_turn_id, status, owner, lease_until, started_at, ended_at, model,
         finish_reason, error_code, provider, tokens_in, tokens_out, last_seq, trace, answered)
    SELECT gen_random_uuid(), talk.id, n, 'completed', '', created_at, created_at, created_at,
        'offline', 'stop', '', 'offline', 900, 60, 4, '{}', random() > 0.2
    FROM talk, generate_series(1, %(turns)s) n RETURNING id, conversation_id, started_at, answered
), said AS (
    INSERT INTO conversations_message
        (id, conversation_id, turn_id, role, text, status, created_at)
    SELECT gen_random_uuid(), conversation_id, id, 'visitor',
        'What does delivery number ' || (random() * 1000)::int || ' of the '
        || (ARRAY['glass', 'paper', 'metal', 'wooden', 'stone'])[1 + (random() * 4)::int]
        || ' goods cost me in the region of depot ' || (random() * 20)::int || '?'
        || CASE WHEN random() < 0.002 THEN ' I mean the zorblatt.' ELSE '' END,
        'completed', started_at
    FROM turn
), reply AS (
    INSERT INTO conversations_message
        (id, conversation_id, turn_id, role, text, status, created_at)
    SELECT gen_random_uuid(), conversation_id, id, 'assistant',
        'Delivery is free from 50 euros on; below that it costs 4.90 euros within the country [1]. '
        'Orders that arrive before noon leave the depot on the same day.',
        'completed', started_at + interval '2 seconds'
    FROM turn RETURNING id
), thumb AS (
    INSERT INTO conversations_feedback (message_id, value, comment, created_at)
    SELECT id, CASE WHEN random() < 0.5 THEN 'up' ELSE 'down' END, '', now()
    FROM reply WHERE random() < 0.05
), cited AS (
    INSERT INTO conversations_citation (message_id, n, document_id, title, url, page, quote)
    SELECT id, 1, gen_random_uuid(), 'Delivery terms', NULL, 3, 'Delivery is free from 50 euros on.'
    FROM reply
)
INSERT INTO billing_usagerecord
    (id, turn_id, provider, model, tokens_in, tokens_out, source, input_per_million,
     output_per_million, cost, created_at)
SELECT gen_random_uuid(), id, 'offline', 'offline', 900, 60, 'reported', 0.25, 2, 0.000345, started_at
FROM turn
"""


def fill(tenant_id: UUID, chatbot_id: UUID, *, conversations: int, turns: int = 3) -> None:
    """So many conversations of so many turns each, one every four minutes up to now."""
    with tenant_context(tenant_id), connection.cursor() as cursor:
        values: dict[str, UUID | int] = {
            "chatbot": chatbot_id,
            "count": conversations,
            "turns": turns,
        }
        cursor.execute(_FILL, values)
