"""What a session tells of its conversation is of one moment, whatever begins or ends meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone

from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation, Message, Role, Turn
from conversations.turns.processes import this_process
from conversations.turns.selectors import read_conversation
from tenants.context import tenant_context


def begin(tenant_id: UUID, conversation_id: UUID) -> None:
    with tenant_context(tenant_id):
        now = timezone.now()
        turn = Turn.objects.create(
            conversation_id=conversation_id,
            client_turn_id=uuid4().hex,
            owner=this_process(),
            started_at=now,
            lease_until=now + timedelta(minutes=5),
        )
        Message.objects.create(
            conversation_id=conversation_id,
            turn=turn,
            role=Role.VISITOR,
            text="When does it open?",
            created_at=now,
        )


def end(tenant_id: UUID, conversation_id: UUID) -> None:
    with tenant_context(tenant_id):
        turn = Turn.objects.get(conversation_id=conversation_id)
        Message.objects.create(
            conversation_id=conversation_id,
            turn=turn,
            role=Role.ASSISTANT,
            text="At six.",
            created_at=timezone.now(),
        )
        Turn.objects.update(status="completed", ended_at=timezone.now())


def between_statements(change: Callable[[], None]) -> Callable[..., Any]:
    """A wrapper that commits the change behind the first statement that reads messages or turns."""
    done: list[bool] = []

    def beside() -> None:
        try:
            change()
        finally:
            connections.close_all()

    def wrapper(execute: Any, sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if not done and ("conversations_message" in sql or "conversations_turn" in sql):
            done.append(True)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(beside).result()
        return result

    return wrapper


@pytest.mark.parametrize(("before", "change"), [(None, begin), (begin, end)])
def test_a_turn_that_begins_or_ends_meanwhile_is_told_once_and_whole(
    workspace: Workspace,
    before: Callable[[UUID, UUID], None] | None,
    change: Callable[[UUID, UUID], None],
) -> None:
    tenant_id = workspace.tenant.id
    with tenant_context(tenant_id):
        conversation = Conversation.objects.create(
            chatbot_id=workspace.chatbot_id, visitor_id=uuid4(), last_message_at=timezone.now()
        )
    if before:
        before(tenant_id, conversation.pk)
    with tenant_context(tenant_id):
        wrapper = between_statements(lambda: change(tenant_id, conversation.pk))
        with connection.execute_wrapper(wrapper):
            messages, active = read_conversation(tenant_id, conversation.pk, None)
    asked = [one["turn_id"] for one in messages if one["role"] == Role.VISITOR]
    replied = [one["turn_id"] for one in messages if one["role"] == Role.ASSISTANT]
    # Each question has its answer, or is being answered, and nothing else is.
    assert set(asked) == {*replied, *([active.turn_id] if active else [])}
    assert len(asked) == len(replied) + bool(active)
    with tenant_context(tenant_id):
        assert Turn.objects.filter(conversation=conversation).count() == 1
