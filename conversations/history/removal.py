"""Removing conversations in one statement: Django would load every row that goes with them.

In the tenant's context and the caller's transaction. Usage records stay: they are what was charged.
So do the holds of turns that are being answered. These are told to stop, and whoever answers them
charges what they used until then; the sweeper frees the hold when nobody does.
"""

from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from conversations import models
from tenants.context import current_tenant_id
from tenants.notices import Notice, Subject, send_after_commit

# Constraints are checked at the commit, so that one statement may take from all tables at once.
_REMOVE = """
WITH conversation AS (
    SELECT id FROM conversations_conversation
    WHERE id = %(conversation)s OR chatbot_id = %(chatbot)s
), message AS (
    DELETE FROM conversations_message WHERE conversation_id IN (SELECT id FROM conversation)
    RETURNING id
), feedback AS (
    DELETE FROM conversations_feedback WHERE message_id IN (SELECT id FROM message)
), citation AS (
    DELETE FROM conversations_citation WHERE message_id IN (SELECT id FROM message)
), turn AS (
    DELETE FROM conversations_turn WHERE conversation_id IN (SELECT id FROM conversation)
), source AS (
    DELETE FROM conversations_chatbotsource WHERE chatbot_id = %(chatbot)s
), sighting AS (
    DELETE FROM conversations_sighting WHERE chatbot_id = %(chatbot)s
), chatbot AS (
    DELETE FROM conversations_chatbot WHERE id = %(chatbot)s
)
DELETE FROM conversations_conversation WHERE id IN (SELECT id FROM conversation)
"""


def remove_chatbot(chatbot_id: UUID) -> bool:
    """False when there is none."""
    if not models.Chatbot.objects.select_for_update().filter(pk=chatbot_id).exists():
        return False
    _remove(models.Turn.objects.filter(conversation__chatbot_id=chatbot_id), chatbot=chatbot_id)
    return True


def remove_conversation(conversation_id: UUID) -> bool:
    """False when there is none."""
    # Not a stronger lock: an answer that is being saved refers to the conversation at its commit.
    found = models.Conversation.objects.select_for_update(no_key=True).filter(pk=conversation_id)
    if not found.exists():
        return False
    turns = models.Turn.objects.filter(conversation_id=conversation_id)
    _remove(turns, conversation=conversation_id)
    return True


def _remove(
    turns: "QuerySet[models.Turn]",
    *,
    conversation: UUID | None = None,
    chatbot: UUID | None = None,
) -> None:
    # Locked, so that what is just being saved is there to be removed.
    running = turns.filter(status=models.TurnStatus.RUNNING).select_for_update(of=("self",))
    turn_ids = list(running.order_by("pk").values_list("id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, {"conversation": conversation, "chatbot": chatbot})
    publish_stop(turn_ids)


def publish_stop(turn_ids: list[UUID]) -> None:
    """The processes that answer these turns look for them, and find that they are gone."""
    tenant_id = current_tenant_id()
    send_after_commit([Notice(tenant_id, Subject.TURN, turn_id) for turn_id in turn_ids])
