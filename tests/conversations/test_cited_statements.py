"""Each statement of an answer leads to its own sentence, on every way out, and one that no source
carries is marked, left out or shown, as its chatbot is set."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import update_chatbot
from conversations.history.explanations import explain_turn
from conversations.history.transcripts import read_transcript
from conversations.llm.offline.replies import DOES_NOT_KNOW
from conversations.models import Turn
from tenants.context import tenant_context
from tests.conversations.client import Chat, ingest, text_of
from tests.fake_openai import FakeOpenAI
from tests.live import Process

RULES = """Unused goods go back within 30 days of delivery. The workshop in Graz is open on weekdays from
nine to five. A gift card is valid for three years and cannot be exchanged for money.
"""
QUOTES = [
    "Unused goods go back within 30 days of delivery.",
    "The workshop in Graz is open on weekdays from\nnine to five.",
    "A gift card is valid for three years and cannot be exchanged for money.",
]
STATEMENTS = (
    "You can send unused goods back for 30 days [1]. The 🛠 workshop opens on weekdays at nine [1]. "
    "A gift card lasts three years [1]."
)
INVENTED = (
    "You can send unused goods back for 30 days [1]. Sending back costs 12 EUR [1]. "
    "A gift card lasts three years [1]."
)
WITHOUT = "You can send goods back at any time, of course."


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    ingest(workspace.tenant.id, "rules.md", RULES)
    return workspace


@pytest.fixture
def http(model_web: Process, shop: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {shop.secret_key}"}
    with httpx.Client(
        base_url=model_web.url, headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client


def scripted(fake: FakeOpenAI, text: str) -> str:
    """A question that is answered so."""
    question = f"Which rules are there for goods and gift cards? {uuid4().hex}"
    fake.script({"match": question, "text": text})
    return question


def citations(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for frame in frames if frame["type"] == "turn.citation"]


def quotes_of(cited: list[dict[str, Any]], text: str) -> list[str]:
    """The quotes in the order of their markers, each of which stands where it is said to."""
    assert all(text[one["marker"] :].startswith(f"[{one['n']}]") for one in cited)
    places = [one["marker"] for one in cited]
    assert places == sorted(set(places))
    return [one["quote"] for one in cited]


def test_the_socket_and_what_it_shows_again(
    model_web: Process, shop: Workspace, fake: FakeOpenAI
) -> None:
    with Chat(model_web.socket_url, shop.publishable_key) as chat:
        frames = chat.answer(scripted(fake, STATEMENTS))
        assert text_of(frames) == STATEMENTS
        assert quotes_of(citations(frames), STATEMENTS) == QUOTES
        assert all(one["supported"] for one in citations(frames))
        ready = chat.ready
    again = {"visitor_token": ready["visitor_token"], "conversation_id": ready["conversation_id"]}
    with Chat(model_web.socket_url, shop.publishable_key, **again) as chat:
        reply = chat.ready["messages"][-1]
        assert quotes_of(reply["citations"], reply["text"]) == QUOTES


def test_a_completion_whole_and_streamed(
    http: httpx.Client, shop: Workspace, fake: FakeOpenAI
) -> None:
    body: dict[str, Any] = {"model": str(shop.chatbot_id)}
    body["messages"] = [{"role": "user", "content": scripted(fake, STATEMENTS)}]
    whole = http.post("/v1/chat/completions", json=body).json()
    assert quotes_of(whole["citations"], whole["choices"][0]["message"]["content"]) == QUOTES
    body["messages"] = [{"role": "user", "content": scripted(fake, STATEMENTS)}]
    streamed = http.post("/v1/chat/completions", json={**body, "stream": True}).text
    chunks = [json.loads(line[6:]) for line in streamed.split("\n\n")[:-2]]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert quotes_of(chunks[-1]["citations"], text) == QUOTES


def test_events_messages_transcript_and_explanation(
    http: httpx.Client, shop: Workspace, fake: FakeOpenAI
) -> None:
    asked = {"text": scripted(fake, INVENTED), "client_turn_id": "a"}
    stream = http.post(f"/v1/chatbots/{shop.chatbot_id}/turns", json=asked).text
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    conversation_id = events[0]["conversation_id"]
    assert [one["supported"] for one in citations(events)] == [True, False, True]
    listed = http.get(f"/v1/conversations/{conversation_id}/messages").json()["data"][-1]
    assert quotes_of(listed["citations"], INVENTED) == [QUOTES[0], QUOTES[0], QUOTES[2]]
    assert [one["supported"] for one in listed["citations"]] == [True, False, True]
    with tenant_context(shop.tenant.id):
        [passage] = read_transcript(conversation_id).messages[-1].passages
        assert not passage.supported
        assert [one.statement for one in passage.citations if not one.supported] == [
            "Sending back costs 12 EUR"
        ]
        turn = explain_turn(Turn.objects.get().pk)
        assert turn.cited_passages == (passage,)


def test_what_no_source_carries_is_withheld(
    model_web: Process, shop: Workspace, fake: FakeOpenAI
) -> None:
    with tenant_context(shop.tenant.id):
        update_chatbot(chatbot_id=shop.chatbot_id, unsupported_statements="withhold")
    with Chat(model_web.socket_url, shop.publishable_key) as chat:
        frames = chat.answer(scripted(fake, INVENTED))
        shown = INVENTED.replace("Sending back costs 12 EUR [1].", "(…)")
        assert text_of(frames) == shown
        assert quotes_of(citations(frames), shown) == [QUOTES[0], QUOTES[2]]
        frames = chat.answer(scripted(fake, "Sending back costs 12 EUR [1]."))
        assert text_of(frames) == DOES_NOT_KNOW
        assert citations(frames) == []
        assert not frames[-1]["unsourced"]
    with tenant_context(shop.tenant.id):
        told = [explain_turn(turn.pk) for turn in Turn.objects.order_by("started_at")]
    assert [turn.left_out for turn in told] == [("Sending back costs 12 EUR [1].",)] * 2
    assert [turn.answered for turn in told] == [True, False]


def test_an_answer_without_a_source_says_so_or_is_refused(
    model_web: Process, shop: Workspace, fake: FakeOpenAI
) -> None:
    with Chat(model_web.socket_url, shop.publishable_key) as chat:
        frames = chat.answer(scripted(fake, WITHOUT))
        assert (text_of(frames), frames[-1]["unsourced"]) == (WITHOUT, True)
        fake.script({"match": "Thank you", "text": "You are welcome!"})
        frames = chat.answer("Thank you")
        assert (text_of(frames), frames[-1]["unsourced"]) == ("You are welcome!", False)
        frames = chat.answer(scripted(fake, STATEMENTS))
        assert not frames[-1]["unsourced"]
        again = {name: chat.ready[name] for name in ("visitor_token", "conversation_id")}
    with Chat(model_web.socket_url, shop.publishable_key, **again) as chat:
        said = [one["unsourced"] for one in chat.ready["messages"] if one["role"] == "assistant"]
        assert said == [True, False, False]
        with tenant_context(shop.tenant.id):
            update_chatbot(chatbot_id=shop.chatbot_id, unsourced_answers="refuse")
        frames = chat.answer(scripted(fake, WITHOUT))
        assert (text_of(frames), frames[-1]["unsourced"]) == (DOES_NOT_KNOW, False)
        fake.script({"match": "Hello", "text": "Good morning!"})
        assert text_of(chat.answer("Hello")) == "Good morning!"
        assert text_of(chat.answer(scripted(fake, STATEMENTS))) == STATEMENTS


@pytest.mark.parametrize("unsupported", ["mark", "withhold"])
def test_what_was_written_and_held_back_is_metered(
    model_web: Process, shop: Workspace, fake: FakeOpenAI, unsupported: str
) -> None:
    """The provider breaks off before anything could be told: it charges for it all the same."""
    with tenant_context(shop.tenant.id):
        update_chatbot(
            chatbot_id=shop.chatbot_id,
            unsourced_answers="refuse",
            unsupported_statements=unsupported,
        )
    question = f"Which rules are there for goods? {uuid4().hex}"
    fake.script({"match": question, "text": "One two three four five six.", "cut_at": 4})
    with Chat(model_web.socket_url, shop.publishable_key) as chat:
        frames = chat.answer(question)
    assert (frames[-1]["type"], text_of(frames)) == ("turn.failed", "")
    with tenant_context(shop.tenant.id):
        record = UsageRecord.objects.get()
        assert record.source == "estimated"
        assert record.tokens_out >= 4
        assert not Hold.objects.exists()


def test_a_doubtful_citation_is_a_source_where_doubt_is_shown(
    model_web: Process, shop: Workspace, fake: FakeOpenAI
) -> None:
    with tenant_context(shop.tenant.id):
        update_chatbot(chatbot_id=shop.chatbot_id, unsourced_answers="refuse")
    doubtful = "Sending back costs 12 EUR [1]."
    with Chat(model_web.socket_url, shop.publishable_key) as chat:
        assert text_of(chat.answer(scripted(fake, doubtful))) == doubtful
