"""Setting up chatbots: what may be set, what is refused by name, what goes with a deleted one."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.models import Hold, QuotaPeriod, UsageRecord
from billing.selectors import PlanLimits
from conversations import models
from conversations.chatbots import services as chatbots
from conversations.chatbots import sightings
from conversations.chatbots.onboarding import Workspace
from conversations.llm.base import LLMUsage
from conversations.models import Chatbot
from conversations.turns import services
from conversations.turns.values import Admitted, Question, TurnOutcome
from core.errors import InvalidRequest, NotFound, Unauthenticated
from knowledge.models import Source
from tenants.context import tenant_context
from tenants.keys import api_keys
from tests.conversations.client import ORIGIN, Chat
from tests.live import Process


def keys_of(workspace: Workspace, chatbot_id: Any) -> list[api_keys.KeyView]:
    return [
        key for key in api_keys.list_keys(workspace.tenant.id).keys if key.chatbot_id == chatbot_id
    ]


def test_a_new_chatbot_has_a_key_and_the_workspaces_own_pages(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        source = Source.objects.get()
        made = chatbots.create_chatbot(
            name="  Night   shift ", color="#ABCDEF", source_ids=[source.pk]
        )
        assert (made.name, made.color, made.source_ids) == ("Night shift", "#abcdef", (source.pk,))
        assert f"https://{workspace.tenant.host}" in made.allowed_origins
        assert [bot.id for bot in chatbots.list_chatbots()] == [workspace.chatbot_id, made.id]
    [key] = keys_of(workspace, made.id)
    assert api_keys.authenticate(key.plain or "").chatbot_id == made.id


def test_only_what_is_given_changes(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        before = chatbots.get(workspace.chatbot_id)
        after = chatbots.update_chatbot(
            chatbot_id=workspace.chatbot_id,
            welcome=" Hi!\x00 ",
            suggested_questions=["One?", " ", "One?", "Two?"],
            allowed_origins=["https://Shop.example/", "http://[::1]:8000"],
        )
        assert (after.welcome, after.suggested_questions) == ("Hi!", ("One?", "Two?"))
        assert after.allowed_origins == ("https://Shop.example", "http://[::1]:8000")
        assert (after.name, after.instructions) == (before.name, before.instructions)
        assert after.updated_at > before.updated_at


BAD = [
    ("name", " \x00 "),
    ("name", "x" * 121),
    ("instructions", "x" * 8_001),
    ("model", "no-such-model"),
    ("color", "red"),
    ("color", "#2563eb\n"),
    ("welcome", "x" * 1_001),
    ("suggested_questions", ["x" * 201]),
    ("suggested_questions", [str(n) for n in range(7)]),
    ("allowed_origins", ["https://shop.example/path"]),
    ("allowed_origins", ["null"]),
    ("allowed_origins", [f"https://{n}.example" for n in range(51)]),
    ("source_ids", [UUID(int=1)]),
]


@pytest.mark.parametrize(("field", "value"), BAD, ids=lambda value: str(value)[:24])
def test_a_bad_field_is_named_and_changes_nothing(tenant: Any, field: str, value: Any) -> None:
    with tenant_context(tenant.id):
        made = chatbots.create_chatbot(name="First")
        changed: dict[str, Any] = {"welcome": "Changed", field: value}
        with pytest.raises(InvalidRequest) as refused:
            chatbots.update_chatbot(chatbot_id=made.id, **changed)
        assert refused.value.param == field
        with pytest.raises(InvalidRequest):
            chatbots.create_chatbot(**{"name": "Second", **changed})
        assert chatbots.list_chatbots() == [made]


def test_a_deleted_chatbot_takes_its_keys_and_talks_along_and_is_charged(
    web: Process, workspace: Workspace
) -> None:
    with Chat(web.socket_url, workspace.publishable_key) as chat:
        chat.answer("Hello!")
        with tenant_context(workspace.tenant.id):
            begun = services.admit(question_of(workspace), plan(), None)
            assert Hold.objects.count() == 1
            chatbots.delete_chatbot(chatbot_id=workspace.chatbot_id)
            for table in (Chatbot, models.Conversation, models.Turn, models.Sighting):
                assert table.objects.count() == 0
            # Whoever was answering finds nothing to save, and charges what was used, once.
            assert isinstance(begun, Admitted)
            assert QuotaPeriod.objects.get().messages_held == 1
            charged = UsageRecord.objects.count()
            for _ in range(2):
                assert not services.finish_turn(begun, used())
                assert UsageRecord.objects.count() == charged + 1
            assert (Hold.objects.count(), QuotaPeriod.objects.get().messages_held) == (0, 0)
            with pytest.raises(NotFound):
                chatbots.delete_chatbot(chatbot_id=workspace.chatbot_id)
    assert keys_of(workspace, workspace.chatbot_id) == []
    with pytest.raises(Unauthenticated):
        api_keys.authenticate(workspace.publishable_key)


def question_of(workspace: Workspace) -> Question:
    return Question(
        tenant_id=workspace.tenant.id,
        chatbot_id=workspace.chatbot_id,
        text="Hello?",
        client_turn_id="1",
        visitor_id=None,
        conversation_id=None,
        channel="api",
    )


def used() -> TurnOutcome:
    return TurnOutcome(
        status="stopped", source="estimated", usage=LLMUsage(5, 5), provider="openai"
    )


def plan() -> PlanLimits:
    return PlanLimits("Test", 10, Decimal(10), 10, 10, 10)


def test_a_page_that_opens_a_chat_is_seen_once(web: Process, workspace: Workspace) -> None:
    for _ in range(2):
        Chat(web.socket_url, workspace.publishable_key).close()
    with tenant_context(workspace.tenant.id):
        [seen] = sightings.list_sightings(workspace.chatbot_id)
        assert seen.origin == ORIGIN
        assert seen.first_seen_at == seen.last_seen_at


def test_few_pages_are_kept_and_one_origin_has_one_spelling(tenant: Any) -> None:
    with tenant_context(tenant.id):
        bot = chatbots.create_chatbot(name="Busy").id
        for origin in ("https://Shop.example:443", "https://shop.example"):
            sightings.note_sighting(chatbot_id=bot, origin=origin)
        assert [seen.origin for seen in sightings.list_sightings(bot)] == ["https://shop.example"]
        for number in range(sightings.MAX_ORIGINS + 5):
            sightings.note_sighting(chatbot_id=bot, origin=f"https://{number}.example")
        kept = [seen.origin for seen in sightings.list_sightings(bot)]
        assert len(kept) == sightings.MAX_ORIGINS
        assert "https://64.example" in kept
        assert "https://shop.example" not in kept
