"""Removing conversations in few statements: Django would load every row that goes with them.

In the tenant's context and the caller's transaction. Usage records stay: they are what was charged.
So do the holds of turns that are being answered. These are told to stop, and whoever answers them
charges what they used until then; the sweeper frees the hold when nobody does.

A chatbot with many conversations is gone at once for everybody and its rows go in slices: in one
transaction they would keep others waiting for their locks, and run into the database's time limit.
"""

import time
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from conversations import models
from tenants.context import current_tenant_id
from tenants.notices import Notice, Subject, send_after_commit
from tenants.work.tickets import Ticket, enqueue, handles, heartbeat

# Constraints are checked at the commit, so that one statement may take from all tables at once.
_REMOVE = """
WITH conversation AS (
    SELECT unnest(%(conversations)s::uuid[]) AS id
), message AS (
    DELETE FROM conversations_message WHERE conversation_id IN (SELECT id FROM conversation)
    RETURNING id
), feedback AS (
    DELETE FROM conversations_feedback WHERE message_id IN (SELECT id FROM message)
), citation AS (
    DELETE FROM conversations_citation WHERE message_id IN (SELECT id FROM message)
), turn AS (
    DELETE FROM conversations_turn WHERE conversation_id IN (SELECT id FROM conversation)
)
DELETE FROM conversations_conversation WHERE id IN (SELECT id FROM conversation)
"""
# Those that are being answered go with the first slice: a turn stops when it finds that it is gone.
_SLICE = """
WITH answered AS (
    SELECT DISTINCT conversation.id FROM conversations_turn AS turn
    JOIN conversations_conversation AS conversation ON conversation.id = turn.conversation_id
    WHERE turn.status = 'running' AND chatbot_id = %(chatbot)s
)
SELECT id FROM answered UNION ALL (
    SELECT id FROM conversations_conversation
    WHERE chatbot_id = %(chatbot)s AND id NOT IN (SELECT id FROM answered) LIMIT %(slice)s
) LIMIT %(slice)s
"""
_REMOVE_CHATBOT = """
WITH source AS (
    DELETE FROM conversations_chatbotsource WHERE chatbot_id = %(chatbot)s
), sighting AS (
    DELETE FROM conversations_sighting WHERE chatbot_id = %(chatbot)s
), avatar AS (
    DELETE FROM conversations_chatbotavatar WHERE chatbot_id = %(chatbot)s
)
DELETE FROM conversations_chatbot WHERE id = %(chatbot)s
"""
# Conversations in one transaction: a twentieth of a second. For twice as long it rests after each, so
# that the database has time for others.
SLICE, RESTED, _LONGEST_REST = 250, 2.0, 5.0
KIND = "remove_chatbot"


def remove_chatbot(chatbot_id: UUID) -> bool:
    """False when there is none. What is left after the first slice is taken away by a ticket."""
    if not models.Chatbot.objects.filter(pk=chatbot_id).select_for_update().exists():
        return False
    if not _remove_slice(chatbot_id):
        models.Chatbot.objects.filter(pk=chatbot_id).update(removed_at=Now())
        enqueue(KIND, {"chatbot_id": str(chatbot_id)})
    return True


@handles(KIND, lease_seconds=60)
def remove_the_rest(ticket: Ticket) -> None:
    """Slice after slice, each in a transaction of its own."""
    done = False
    while not done:
        heartbeat(ticket)
        began = time.monotonic()
        with transaction.atomic():
            done = _remove_slice(UUID(ticket.payload["chatbot_id"]))
        if not done:
            # Not longer than a lease is held without a word.
            time.sleep(min((time.monotonic() - began) * RESTED, _LONGEST_REST))


def _remove_slice(chatbot_id: UUID) -> bool:
    """Whether nothing of the chatbot is left."""
    with connection.cursor() as cursor:
        cursor.execute(_SLICE, {"chatbot": chatbot_id, "slice": SLICE})
        conversation_ids = [row[0] for row in cursor.fetchall()]
        _remove(conversation_ids)
        if len(conversation_ids) == SLICE:
            return False
        cursor.execute(_REMOVE_CHATBOT, {"chatbot": chatbot_id})
    return True


def remove_conversation(conversation_id: UUID) -> bool:
    """False when there is none."""
    # Not a stronger lock: an answer that is being saved refers to the conversation at its commit.
    found = models.Conversation.objects.select_for_update(no_key=True).filter(pk=conversation_id)
    if not found.exists():
        return False
    _remove([conversation_id])
    return True


def _remove(conversation_ids: list[UUID]) -> None:
    # Locked, so that what is just being saved is there to be removed.
    turns = models.Turn.objects.filter(conversation_id__in=conversation_ids)
    running = turns.filter(status=models.TurnStatus.RUNNING).select_for_update(of=("self",))
    turn_ids = list(running.order_by("pk").values_list("id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, {"conversations": conversation_ids})
    publish_stop(turn_ids)


def publish_stop(turn_ids: list[UUID]) -> None:
    """The processes that answer these turns look for them, and find that they are gone."""
    tenant_id = current_tenant_id()
    send_after_commit([Notice(tenant_id, Subject.TURN, turn_id) for turn_id in turn_ids])
