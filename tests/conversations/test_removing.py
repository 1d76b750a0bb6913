"""A conversation that goes while it is answered: its answer stops, and what it used is charged."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from billing.models import Hold, QuotaPeriod, UsageRecord
from billing.usage import list_usage_days
from conversations.chatbots import services as services_of_chatbots
from conversations.chatbots.onboarding import Workspace
from conversations.history import listing, removal
from conversations.models import Chatbot, Conversation, Turn
from conversations.turns import services
from conversations.turns.sweep import ORPHAN_AFTER, sweep_tenant
from core.errors import NotFound
from tenants.context import tenant_context
from tests.conversations.client import Chat
from tests.conversations.test_chatbots import plan, question_of
from tests.eventually import eventually, wait_for_lock
from tests.fake_openai import FakeOpenAI
from tests.live import Process

FACT = "What is the access code of the Zorblatt depot?"
# Twenty seconds of text.
SLOW = {"text": "word " * 400, "delay": 0.05}


def await_charge(workspace: Workspace, seconds: float) -> UsageRecord:
    with tenant_context(workspace.tenant.id):
        record = eventually(UsageRecord.objects.first, within=seconds)
    assert record is not None
    return record


@pytest.mark.parametrize("deletes", ["the answering process", "another process"])
@pytest.mark.parametrize("deleted", ["conversations", "chatbots"])
def test_deleting_stops_the_answer_at_once_and_charges_what_it_used(  # noqa: PLR0917
    deletes: str,
    deleted: str,
    web: Process,
    model_web: Process,
    chat: Chat,
    workspace: Workspace,
    fake: FakeOpenAI,
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, **SLOW})
    chat.ask(question)
    for _ in range(4):
        chat.receive("turn.started", "turn.delta")
    by = model_web if deletes == "the answering process" else web
    name = {"conversations": chat.ready["conversation_id"], "chatbots": workspace.chatbot_id}
    answer = httpx.delete(
        f"{by.url}/v1/{deleted}/{name[deleted]}",
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        trust_env=False,
    )
    assert answer.status_code == 204
    record = await_charge(workspace, 3)
    assert record.source == "estimated"
    assert record.tokens_in > 0
    assert 3 <= record.tokens_out < 100
    with tenant_context(workspace.tenant.id):
        assert (Turn.objects.count(), Hold.objects.count()) == (0, 0)
        period = QuotaPeriod.objects.get()
        assert (period.messages_used, period.messages_held) == (1, 0)
        assert (period.cost_used, period.cost_held) == (record.cost, Decimal(0))
        today = timezone.now().date()
        [day] = list_usage_days(today, today)
        assert (day.turns, day.tokens_out) == (1, record.tokens_out)


def admitted(workspace: Workspace) -> UUID:
    """A turn that nobody answers. In the tenant's context."""
    begun = services.admit(question_of(workspace), plan(), None)
    return begun.turn_id


def test_without_redis_the_heartbeat_tells_of_a_deleted_turn(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        turn_id = admitted(workspace)
        assert services.extend_leases([turn_id]) == []
        listing.delete_conversation(conversation_id=Conversation.objects.get().pk)
        assert services.extend_leases([turn_id]) == [turn_id]


def test_a_hold_whose_turn_and_process_are_gone_is_freed_in_the_end(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        turn_id = admitted(workspace)
        listing.delete_conversation(conversation_id=Conversation.objects.get().pk)
    assert sweep_tenant(workspace.tenant.id) == 0
    with tenant_context(workspace.tenant.id):
        assert Hold.objects.get().turn_id == turn_id
        longest = timezone.now() - ORPHAN_AFTER - timedelta(seconds=1)
        Hold.objects.update(created_at=longest)
        kept = admitted(workspace)
        Hold.objects.filter(turn_id=kept).update(created_at=longest)
    sweep_tenant(workspace.tenant.id)
    with tenant_context(workspace.tenant.id):
        assert Hold.objects.get().turn_id == kept
        assert QuotaPeriod.objects.get().messages_held == 1
        assert UsageRecord.objects.count() == 0


def completion(web: Process, workspace: Workspace) -> tuple[int, str]:
    messages = [{"role": "user", "content": FACT}]
    body = {"model": str(workspace.chatbot_id), "messages": messages}
    return posted(web, workspace, "/v1/chat/completions", body)


def new_turn(web: Process, workspace: Workspace) -> tuple[int, str]:
    body = {"client_turn_id": "1", "text": FACT}
    return posted(web, workspace, f"/v1/chatbots/{workspace.chatbot_id}/turns", body)


def posted(web: Process, workspace: Workspace, path: str, body: dict[str, Any]) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    answer = httpx.post(web.url + path, json=body, headers=headers, timeout=20, trust_env=False)
    told = answer.json()
    return answer.status_code, told.get("error", told)["code"]


@pytest.mark.parametrize(
    ("ask", "code"), [(completion, "model_not_found"), (new_turn, "not_found")]
)
def test_who_asks_while_the_chatbot_is_deleted_hears_that_there_is_none(
    web: Process,
    workspace: Workspace,
    ask: Callable[[Process, Workspace], tuple[int, str]],
    code: str,
) -> None:
    with ThreadPoolExecutor(1) as executor:
        with tenant_context(workspace.tenant.id), transaction.atomic():
            removal.remove_chatbot(workspace.chatbot_id)
            asking = executor.submit(ask, web, workspace)
            wait_for_lock()
        assert asking.result() == (404, code)
    with tenant_context(workspace.tenant.id):
        assert (Conversation.objects.count(), Hold.objects.count()) == (0, 0)


@pytest.mark.parametrize("what", ["conversation", "chatbot"])
def test_who_asks_in_an_open_chat_while_it_is_deleted_hears_the_same(
    web: Process, workspace: Workspace, what: str
) -> None:
    with Chat(web.socket_url, workspace.publishable_key) as chat:
        with tenant_context(workspace.tenant.id), transaction.atomic():
            if what == "chatbot":
                removal.remove_chatbot(workspace.chatbot_id)
            else:
                removal.remove_conversation(UUID(chat.ready["conversation_id"]))
            client_turn_id = chat.ask(FACT)
            wait_for_lock()
        refused = chat.receive("error")
    assert (refused["code"], refused["ref"]) == ("not_found", client_turn_id)
    with tenant_context(workspace.tenant.id):
        assert (Turn.objects.count(), Hold.objects.count()) == (0, 0)


def test_a_question_that_comes_first_is_removed_with_its_conversation(
    workspace: Workspace,
) -> None:
    def remove() -> None:
        with tenant_context(workspace.tenant.id), transaction.atomic():
            assert removal.remove_chatbot(workspace.chatbot_id)

    with ThreadPoolExecutor(1) as executor:
        with tenant_context(workspace.tenant.id), transaction.atomic():
            admitted(workspace)
            removed = executor.submit(remove)
            wait_for_lock()
        removed.result()
    with tenant_context(workspace.tenant.id):
        assert (Conversation.objects.count(), Turn.objects.count()) == (0, 0)
        with pytest.raises(NotFound):
            admitted(workspace)


def test_a_chatbot_with_many_conversations_is_gone_at_once_and_its_rows_in_slices(
    web: Process, worker: Process, workspace: Workspace
) -> None:
    chatbot_id, many = workspace.chatbot_id, 2 * removal.SLICE + 20
    with tenant_context(workspace.tenant.id):
        running = admitted(workspace)
        Conversation.objects.bulk_create(
            Conversation(chatbot_id=chatbot_id, visitor_id=uuid4(), last_message_at=timezone.now())
            for _ in range(many)
        )
        some = Conversation.objects.latest("id").pk
        with transaction.atomic():
            services_of_chatbots.delete_chatbot(chatbot_id=chatbot_id)
            # Locks are held for one slice, whatever there is, and who is being answered is in it.
            assert Conversation.objects.count() == many + 1 - removal.SLICE
            assert not Turn.objects.filter(pk=running).exists()
            assert listing.list_conversations().conversations == ()
            for look in (listing.get_conversation, listing.get_row):
                with pytest.raises(NotFound):
                    look(some)
            with pytest.raises(NotFound):
                services_of_chatbots.delete_chatbot(chatbot_id=chatbot_id)
            with pytest.raises(NotFound):
                admitted(workspace)
    assert completion(web, workspace) == (404, "model_not_found")
    assert worker.pid
    with tenant_context(workspace.tenant.id):
        eventually(lambda: not Chatbot._base_manager.exists(), within=180)
        assert Conversation.objects.count() == 0
