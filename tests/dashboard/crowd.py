"""A workspace as it looks after a year: ten thousand conversations, with names as people give them."""

from typing import Any
from uuid import UUID

from django.db import connection

from conversations.models import Chatbot
from tenants.context import tenant_context

CONVERSATIONS = 10_000
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikantenverband-" * 2
# The statements run as one: each names what the one before has made.
_FILL = """
WITH moments AS (
    SELECT n, now() - (n * interval '43 minutes') AS at, uuidv7(- (n * interval '43 minutes')) AS id
    FROM generate_series(1, %(conversations)s) AS n
), conversations AS (
    INSERT INTO conversations_conversation (id, chatbot_id, visitor_id, external_user, channel,
        created_at, last_message_at)
    SELECT id, %(chatbot)s, gen_random_uuid(),
        CASE WHEN n %% 7 = 0 THEN %(long)s || n ELSE '' END,
        (ARRAY['widget', 'widget', 'widget', 'api'])[1 + n %% 4], at, at + interval '2 s'
    FROM moments
), turns AS (
    INSERT INTO conversations_turn (id, conversation_id, client_turn_id, status, owner, lease_until,
        started_at, first_token_at, ended_at, finish_reason, error_code, provider, model, tokens_in,
        tokens_out, last_seq, trace, answered)
    SELECT uuidv7(at - now()), id, 'c' || n,
        CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'completed' END, 'crowd', at,
        at, at + interval '300 ms', at + interval '2 s', 'stop',
        CASE WHEN n %% 50 = 0 THEN 'provider_failed' ELSE '' END,
        'offline', (ARRAY['offline', 'gpt-5-mini'])[1 + n %% 2], 900 + n %% 400, 60 + n %% 90, 5,
        '{}', n %% 9 > 0
    FROM moments
    RETURNING id, conversation_id, client_turn_id, started_at, status, model, tokens_in, tokens_out
), questions AS (
    INSERT INTO conversations_message (id, conversation_id, turn_id, role, text, status, created_at)
    SELECT uuidv7(started_at - now()), conversation_id, id, 'visitor',
        'When does the shop open on day ' || client_turn_id || '? ' || %(long)s, 'completed', started_at
    FROM turns
), replies AS (
    INSERT INTO conversations_message (id, conversation_id, turn_id, role, text, status, created_at)
    SELECT uuidv7(started_at - now() + interval '2 s'), conversation_id, id, 'assistant',
        'It opens at six [1]. ' || %(long)s, status, started_at + interval '2 s'
    FROM turns WHERE status = 'completed'
    RETURNING id, turn_id
), citations AS (
    INSERT INTO conversations_citation (message_id, n, document_id, title, url, page, quote)
    SELECT id, 1, gen_random_uuid(), %(long)s, NULL, 3, 'The shop opens at six.'
    FROM replies WHERE get_byte(uuid_send(id), 15) %% 3 > 0
), thumbs AS (
    INSERT INTO conversations_feedback (message_id, value, comment, created_at)
    SELECT id, CASE WHEN get_byte(uuid_send(id), 15) %% 9 = 0 THEN 'down' ELSE 'up' END, '', now()
    FROM replies WHERE get_byte(uuid_send(id), 15) %% 5 = 0
)
INSERT INTO billing_usagerecord (id, turn_id, provider, model, tokens_in, tokens_out, source,
    input_per_million, output_per_million, cost, created_at)
SELECT uuidv7(), id, 'offline', model, tokens_in, tokens_out, 'estimated', 0.25, 2,
    CASE WHEN model = 'offline' THEN 0 ELSE (tokens_in * 0.25 + tokens_out * 2) / 1000000 END, started_at
FROM turns WHERE status = 'completed'
"""


def fill(tenant_id: UUID, *, conversations: int = CONVERSATIONS) -> None:
    """Gives the workspace's first chatbot that many conversations, the newest of this hour."""
    with tenant_context(tenant_id):
        chatbot = Chatbot.objects.order_by("created_at").values_list("pk", flat=True)[0]
        values: dict[str, Any] = {"conversations": conversations, "chatbot": chatbot, "long": LONG}
        with connection.cursor() as cursor:
            cursor.execute(_FILL, values)
            cursor.execute("ANALYZE")
