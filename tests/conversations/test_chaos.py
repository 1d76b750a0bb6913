"""A provider that misbehaves, seen from the visitor's socket and from the books (T29)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from billing.catalog.services import set_price
from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Message, Turn
from tenants.context import tenant_context
from tests.conversations.client import Chat, kinds_of, text_of
from tests.fake_openai import FakeOpenAI
from tests.live import Process

BEFORE_TEXT = {
    "three refusals": ({"status": 429, "times": 3}, "provider_busy"),
    "three faults": ({"status": 500, "times": 3}, "provider_failed"),
    "a wrong key": ({"status": 401}, "provider_failed"),
    "silence": ({"stall_at": 0, "stall": 10}, "provider_timeout"),
    "garbage": ({"garbage_at": 0, "times": 3}, "provider_protocol"),
    "an end without a word": ({"eof_at": 0}, "provider_protocol"),
}
AFTER_TEXT: dict[str, dict[str, Any]] = {
    "a cut": {"cut_at": 3},
    "a clean end without finish": {"eof_at": 3},
    "garbage": {"garbage_at": 3},
    "an error inside": {"error_at": 3},
    "silence": {"stall_at": 3, "stall": 10},
}


@pytest.fixture(autouse=True)
def own_model(workspace: Workspace) -> None:
    """A model that fails as often as these do is left alone for a while, and each needs it anew."""
    model = f"m-{uuid4().hex}"
    set_price(model=model, input_per_million=Decimal(1), output_per_million=Decimal(1))
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(model=model)


@pytest.mark.parametrize("fault", BEFORE_TEXT)
def test_a_failure_before_any_text_is_told_and_costs_nothing(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI, fault: str
) -> None:
    behaviour, code = BEFORE_TEXT[fault]
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, **behaviour})
    frames = chat.answer(question)
    assert kinds_of(frames) == ["turn.started", "turn.failed"]
    assert (frames[-1]["code"], frames[-1]["retryable"]) == (code, True)
    assert "fake provider" not in frames[-1]["message"]
    assert len(fake.log(question)) <= 3
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "failed"
        assert list(Message.objects.values_list("role", flat=True)) == ["visitor"]
        assert (Hold.objects.count(), UsageRecord.objects.count()) == (0, 0)


def test_an_empty_answer_is_a_failure_that_is_charged_as_reported(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": ""})
    frames = chat.answer(question)
    assert frames[-1]["code"] == "provider_empty"
    with tenant_context(workspace.tenant.id):
        record = UsageRecord.objects.get()
        assert (record.source, record.tokens_out) == ("reported", 0)
        assert record.tokens_in > 0
        assert Hold.objects.count() == 0


@pytest.mark.parametrize("fault", AFTER_TEXT)
def test_half_an_answer_is_kept_as_interrupted_and_charged_by_estimate(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI, fault: str
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    words = "one two three four five six"
    fake.script({"match": question, "text": words, "delay": 0.01, **AFTER_TEXT[fault]})
    frames = chat.answer(question)
    assert frames[-1]["type"] == "turn.failed"
    assert frames[-1]["code"] == "interrupted"
    assert words.startswith(text_of(frames).strip())
    assert len(fake.log(question)) == 1
    assert_interrupted(workspace, text_of(frames))


def assert_interrupted(workspace: Workspace, shown: str) -> None:
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "interrupted"
        reply = Message.objects.get(role="assistant")
        assert (reply.status, reply.text) == ("interrupted", shown)
        record = UsageRecord.objects.get()
        assert record.source == "estimated"
        assert record.tokens_out >= len(shown.split())
        assert Hold.objects.count() == 0


@pytest.mark.parametrize("build", ["product", "broken"])
def test_a_clean_end_without_finish_is_never_complete(
    build: str, model_environment: dict[str, str], workspace: Workspace, fake: FakeOpenAI
) -> None:
    """The broken build believes that a stream which ended is an answer."""
    broken = "end_is_complete" if build == "broken" else None
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "half an answer", "eof_at": 2})
    with (
        Process("web", broken=broken, environment=model_environment) as web,
        Chat(web.socket_url, workspace.publishable_key) as chat,
    ):
        frames = chat.answer(question)
    complete = frames[-1]["type"] == "turn.completed"
    with tenant_context(workspace.tenant.id):
        stored_complete = Message.objects.get(role="assistant").status == "completed"
    assert (complete or stored_complete) == (build == "broken")


def test_an_embedding_service_that_is_away_is_told_like_a_provider_that_is_away(
    make_workspace: Callable[[], Workspace],
) -> None:
    made = make_workspace()
    nobody = {"EMBEDDINGS_BASE_URL": "http://127.0.0.1:9/v1", "EMBEDDINGS_MODEL": "away"}
    with Process("web", environment=nobody) as web:
        with Chat(web.socket_url, made.publishable_key) as chat:
            frames = chat.answer("What is the access code?")
        assert kinds_of(frames) == ["turn.started", "turn.failed"]
        assert frames[-1]["code"] == "provider_unavailable"
        assert "Traceback" not in web.log()
    with tenant_context(made.tenant.id):
        assert (Hold.objects.count(), UsageRecord.objects.count()) == (0, 0)
