"""Whom a visitor may ask where the chatbot cannot help: set by its owner, told where it is needed."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.contact import LONGEST
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.rules import check_fields
from conversations.chatbots.services import get, update_chatbot
from conversations.llm.offline.replies import DOES_NOT_KNOW
from conversations.models import Turn
from conversations.text.small_talk import small_talk
from conversations.turns.events import Contact
from conversations.turns.selectors import snapshot
from core.errors import InvalidRequest
from tenants.context import tenant_context
from tests.conversations.client import Chat, text_of
from tests.fake_openai import FakeOpenAI
from tests.live import Process

GIVEN = {"email": "jörg@münchen.example", "phone": "+43 1 234-567", "url": "https://a.example/help"}
CONTACT = {**GIVEN, "hours": "Mon–Fri, 9–17", "text": ""}


@pytest.fixture
def reachable(workspace: Workspace) -> Workspace:
    with tenant_context(workspace.tenant.id):
        update_chatbot(chatbot_id=workspace.chatbot_id, contact=CONTACT)
        assert get(workspace.chatbot_id).contact == {**GIVEN, "hours": "Mon–Fri, 9–17"}
    return workspace


def scripted(fake: FakeOpenAI, **behaviour: Any) -> str:
    asked = f"Who painted the Mona Lisa? {uuid4().hex}"
    fake.script({"match": asked, **behaviour})
    return asked


def test_it_is_told_where_an_answer_did_not_help(
    model_web: Process, reachable: Workspace, fake: FakeOpenAI
) -> None:
    with Chat(model_web.socket_url, reachable.publishable_key) as chat:
        assert chat.ready["chatbot"]["contact"] == CONTACT
        assert chat.answer("What is the access code of the depot?")[-1]["fallback"] is None
        unknown = chat.answer(scripted(fake, text=DOES_NOT_KNOW))
        assert unknown[-1]["fallback"] == CONTACT
        failed = chat.answer(scripted(fake, status=400))
        assert (failed[-1]["type"], failed[-1]["fallback"]) == ("turn.failed", CONTACT)
        fake.script({"match": "talk to a human", "text": "The gate closes at nine [1]."})
        assert chat.answer("Can I talk to a human?")[-1]["fallback"] == CONTACT
        again = {name: chat.ready[name] for name in ("visitor_token", "conversation_id")}
    with Chat(model_web.socket_url, reachable.publishable_key, **again) as chat:
        replies = [one for one in chat.ready["messages"] if one["role"] == "assistant"]
        assert [one["fallback"] for one in replies] == [None, CONTACT, CONTACT]
    # What is told when a turn's events are gone is the same.
    with tenant_context(reachable.tenant.id):
        told = [snapshot(turn.pk) for turn in Turn.objects.order_by("started_at")]
    assert [one.fallback for one in told] == [None, *[Contact(**CONTACT)] * 3]


def test_who_stopped_an_answer_is_offered_nobody(
    model_web: Process, reachable: Workspace, fake: FakeOpenAI
) -> None:
    with Chat(model_web.socket_url, reachable.publishable_key) as chat:
        chat.ask(scripted(fake, text="One two three four.", hold_at=2))
        started = chat.receive("turn.started")
        chat.receive("turn.delta")
        chat.send("turn.stop", turn_id=started["turn_id"])
        while (last := chat.next())["type"] != "turn.completed":
            pass
        assert last["fallback"] is None
    with tenant_context(reachable.tenant.id):
        assert snapshot(Turn.objects.get().pk).fallback is None


def test_a_number_is_stored_as_a_telephone_knows_it() -> None:
    assert check_fields({"contact": {"phone": "۰۲۱ ۱۲۳۴۵۶"}}) == {
        "contact": {"phone": "021 123456"}
    }


def test_a_completion_tells_it_too(
    model_web: Process, reachable: Workspace, fake: FakeOpenAI
) -> None:
    headers = {"Authorization": f"Bearer {reachable.secret_key}"}
    question = scripted(fake, text=DOES_NOT_KNOW)
    body = {
        "model": str(reachable.chatbot_id),
        "messages": [{"role": "user", "content": question}],
    }
    with httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as http:
        assert http.post("/v1/chat/completions", json=body).json()["fallback"] == CONTACT
        url = f"/v1/chatbots/{reachable.chatbot_id}"
        assert http.get(url).json()["contact"] == {**GIVEN, "hours": "Mon–Fri, 9–17"}
        refused = http.patch(url, json={"contact": {"phone": "call us"}})
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "contact")
        assert http.patch(url, json={"contact": {}}).json()["contact"] == {}
        fake.script({"match": question, "text": DOES_NOT_KNOW})
        assert http.post("/v1/chat/completions", json=body).json()["fallback"] is None


def test_the_offline_answerer_offers_it(web: Process, reachable: Workspace) -> None:
    with Chat(web.socket_url, reachable.publishable_key) as chat:
        frames = chat.answer("Who painted the Mona Lisa?")
        assert text_of(frames) == DOES_NOT_KNOW
        assert frames[-1]["fallback"] == CONTACT


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"email": "a@b@c.example"},
        {"phone": "call us"},
        {"phone": "1"},
        {"url": "javascript:alert(1)"},
        {"url": "https://"},
        {"url": "https://a b.example"},
        {"fax": "1234"},
        *({name: "1" * (most + 1)} for name, most in LONGEST.items()),
    ],
)
def test_what_is_no_way_to_reach_anybody(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_fields({"contact": wrong})
    assert caught.value.param == "contact"


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("human", True),
        ("Human, please!", True),
        ("Can I talk to a real person?", True),
        ("I want to speak with someone from support", True),
        ("Kann ich mit einem Menschen sprechen?", True),
        ("Quiero hablar con una persona", True),
        ("Je voudrais parler à un conseiller", True),
        ("می‌خواهم با یک انسان صحبت کنم", True),
        ("Is this made for human hands?", False),
        ("What does an agent cost?", False),
        ("How many people fit in the room?", False),
        ("human " * 100, False),
    ],
)
def test_who_asks_for_a_person(message: str, asks: bool) -> None:
    talk = small_talk(message)
    assert (talk is not None and talk.kind == "agent") is asks
