"""The HTTP face: the official OpenAI client, server-sent turns, refusals by name."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest

from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation, Turn
from tenants.context import tenant_context
from tenants.keys.api_keys import mint_secret_key
from tests.conversations.client import ORIGIN, ingest
from tests.conversations.conftest import HANDBOOK
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

FACT = "What is the access code of the Zorblatt depot?"


def client_of(web: Process, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{web.url}/v1", api_key=key, max_retries=0)


@pytest.fixture
def http(model_web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as client:
        yield client


def asked(workspace: Workspace, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": FACT}]
    return {"model": str(workspace.chatbot_id), "messages": messages, **fields}


def test_the_official_client_gets_a_cited_answer(web: Process, workspace: Workspace) -> None:
    client = client_of(web, workspace.secret_key)
    answer = client.chat.completions.create(**asked(workspace))
    assert "48213" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
    [citation] = answer.model_extra["citations"]
    assert "48213" in citation["quote"]
    assert (citation["n"], citation["title"], citation["url"]) == (1, "Depot handbook", None)


def test_the_official_client_streams(model_web: Process, workspace: Workspace) -> None:
    client = client_of(model_web, workspace.secret_key)
    chunks = list(
        client.chat.completions.create(
            **asked(workspace, stream=True, stream_options={"include_usage": True})
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "48213" in text
    last = next(c for c in chunks if c.choices and c.choices[0].finish_reason)
    assert last.model_extra["citations"][0]["n"] == 1
    assert chunks[-1].usage is not None
    assert len({c.id for c in chunks}) == 1


def test_a_stream_ends_with_done(http: httpx.Client, workspace: Workspace) -> None:
    response = http.post("/v1/chat/completions", json=asked(workspace, stream=True))
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["x-request-id"]
    events = [line for line in response.text.split("\n\n") if line]
    assert events[-1] == "data: [DONE]"
    with_reason = [e for e in events[:-1] if json.loads(e[6:])["choices"][0]["finish_reason"]]
    assert len(with_reason) == 1
    assert "citations" in json.loads(with_reason[0][6:])


def test_chatbots_are_models(web: Process, workspace: Workspace) -> None:
    client = client_of(web, workspace.secret_key)
    assert [model.id for model in client.models.list()] == [str(workspace.chatbot_id)]
    assert client.models.retrieve(str(workspace.chatbot_id)).owned_by == "workspace"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(str(uuid4()))


def test_a_completion_is_stateless_and_metered(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    marker = uuid4().hex
    messages = [
        {"role": "system", "content": f"Speak like a pirate {marker}."},
        {"role": "user", "content": "Who may use it?"},
        {"role": "assistant", "content": "The night shift."},
        {"role": "user", "content": [{"type": "text", "text": FACT}]},
    ]
    body = asked(workspace, messages=messages, temperature=0.2, max_tokens=77, user="u-7")
    assert http.post("/v1/chat/completions", json=body).status_code == 200
    [request] = fake.log(marker)
    sent = request["body"]
    assert [message["role"] for message in sent["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    system = sent["messages"][0]["content"]
    assert system.startswith("You are Assistant")
    assert marker in system
    assert (sent["temperature"], sent["max_tokens"]) == (0.2, 77)
    with tenant_context(workspace.tenant.id):
        assert (UsageRecord.objects.count(), Hold.objects.count()) == (1, 0)
        conversation = Conversation.objects.get()
        assert (conversation.channel, conversation.external_user) == ("completions", "u-7")


def test_without_an_answer_it_does_not_know(web: Process, workspace: Workspace) -> None:
    client = client_of(web, workspace.secret_key)
    messages = [{"role": "user", "content": "Who painted the Mona Lisa?"}]
    answer = client.chat.completions.create(**asked(workspace, messages=messages))
    assert "I do not know" in (answer.choices[0].message.content or "")
    assert answer.model_extra["citations"] == []


def test_another_tenant_does_not_know_the_fact(
    web: Process, workspace: Workspace, make_workspace: Callable[[], Workspace]
) -> None:
    other = make_workspace()
    ingest(other.tenant.id, "own.md", HANDBOOK.replace("Zorblatt", "Fribble").replace("48213", "7"))
    client = client_of(web, other.secret_key)
    answer = client.chat.completions.create(**asked(other))
    assert "I do not know" in (answer.choices[0].message.content or "")
    assert "48213" not in answer.model_dump_json()
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(**asked(workspace))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "tools": ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
    "another form": ({"response_format": {"type": "json_object"}}, "response_format"),
    "likelihoods": ({"logprobs": True}, "logprobs"),
    "stop sequences": ({"stop": list("abcde")}, "stop"),
    "made up": ({"no_such_thing": True}, "no_such_thing"),
    "n": ({"n": 2}, "n"),
    "stream": ({"stream": "yes"}, "stream"),
    "stream options": ({"stream_options": {"x": 1}}, "stream_options"),
    "temperature": ({"temperature": 3}, "temperature"),
    "max tokens": ({"max_tokens": 0}, "max_tokens"),
    "user": ({"user": 1}, "user"),
    "a user with a NUL": ({"user": "a\x00b"}, "user"),
    "a question of a NUL": ({"messages": [{"role": "user", "content": "\x00"}]}, "messages"),
    "no messages": ({"messages": []}, "messages"),
    "messages": ({"messages": "x"}, "messages"),
    "role": ({"messages": [{"role": "critic", "content": "x"}]}, "messages[0].role"),
    "a tool last": ({"messages": [{"role": "tool", "content": "x"}]}, "messages"),
    "image": (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content",
    ),
    "the assistant last": ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
    "an empty question": ({"messages": [{"role": "user", "content": " "}]}, "messages"),
    "a long question": ({"messages": [{"role": "user", "content": "x" * 8_001}]}, "messages"),
    "model": ({"model": 1}, "model"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_named(
    http: httpx.Client, workspace: Workspace, name: str
) -> None:
    fields, param = REFUSED[name]
    response = http.post("/v1/chat/completions", json=asked(workspace, **fields))
    body = response.json()
    assert (response.status_code, body["error"]["param"]) == (400, param)
    assert body["status"] == 400
    assert body["detail"] == body["error"]["message"]
    assert body["request_id"] == response.headers["x-request-id"]
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.count() == 0


def test_null_parameters_are_as_if_not_given(http: httpx.Client, workspace: Workspace) -> None:
    body = asked(workspace, tools=None, seed=None, max_tokens=None)
    assert http.post("/v1/chat/completions", json=body).status_code == 200


def test_a_nul_anywhere_costs_no_answer(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    marker = uuid4().hex
    fake.script({"match": marker, "text": "Forty\x00-two."})
    said = [
        ("system", "Be\x00 kind."),
        ("user", f"What\x00 is {FACT}"),
        ("assistant", "A\x00 code."),
    ]
    history = [{"role": role, "content": text} for role, text in said]
    last = {"role": "user", "content": f"and\x00 {marker}?"}
    body = asked(workspace, messages=[*history, last])
    response = http.post("/v1/chat/completions", json=body)
    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == "Forty-two."
    with tenant_context(workspace.tenant.id):
        assert not Hold.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 20_000])
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, raw: bytes) -> None:
    response = http.post("/v1/chat/completions", content=raw)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_a_model_that_is_not_there(http: httpx.Client, workspace: Workspace) -> None:
    for model in ("gpt-4o", str(uuid4())):
        response = http.post("/v1/chat/completions", json=asked(workspace, model=model))
        assert (response.status_code, response.json()["code"]) == (404, "model_not_found")


def test_a_provider_that_fails_is_a_502_before_the_stream(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    for stream in (False, True):
        question = uuid4().hex
        fake.script({"match": question, "status": 400})
        messages = [{"role": "user", "content": question}]
        body = asked(workspace, messages=messages, stream=stream)
        response = http.post("/v1/chat/completions", json=body)
        assert (response.status_code, response.json()["code"]) == (502, "provider_failed")
        assert response.headers["content-type"] == "application/problem+json"


def test_a_provider_that_fails_later_ends_the_stream_with_an_error(
    model_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "one two three", "cut_at": 2, "delay": 0.01})
    messages = [{"role": "user", "content": question}]
    client = client_of(model_web, workspace.secret_key)
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(**asked(workspace, messages=messages, stream=True)))
    assert "interrupted" in str(caught.value)


def test_who_hangs_up_on_a_completion_stops_it(
    model_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "word " * 400, "delay": 0.02})
    messages = [{"role": "user", "content": question}]
    client = client_of(model_web, workspace.secret_key)
    stream = client.chat.completions.create(**asked(workspace, messages=messages, stream=True))
    next(iter(stream))
    stream.close()
    wait_until_ended(workspace)
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "stopped"
        assert UsageRecord.objects.get().source == "estimated"


def wait_until_ended(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        eventually(Turn.objects.exclude(status="running").exists)


# --- Turns over HTTP -----------------------------------------------------------------------


def turn_path(workspace: Workspace) -> str:
    return f"/v1/chatbots/{workspace.chatbot_id}/turns"


def page(web: Process, workspace: Workspace, **headers: str) -> httpx.Client:
    """A page that uses the publishable key."""
    return httpx.Client(
        base_url=web.url,
        headers={"Authorization": f"Bearer {workspace.publishable_key}", **headers},
        trust_env=False,
    )


def test_a_page_of_the_list_may_ask_and_go_on(model_web: Process, workspace: Workspace) -> None:
    with page(model_web, workspace, Origin=ORIGIN) as http:
        first = http.post(turn_path(workspace), json={"text": FACT, "client_turn_id": "1"})
        assert first.status_code == 200
        assert first.headers["access-control-allow-origin"] == "*"
        known = {
            "visitor_token": first.headers["x-visitor-token"],
            "conversation_id": first.headers["x-conversation-id"],
        }
        body = {"text": "Who may use it?", "client_turn_id": "2", **known}
        second = http.post(turn_path(workspace), json=body)
        assert second.headers["x-conversation-id"] == known["conversation_id"]
        again = http.post(turn_path(workspace), json=body)
        assert again.text == second.text
        turn_id = second.text.split("id: ")[1].split(":")[0]
        events = f"{turn_path(workspace)}/{turn_id}/events"
        mine = http.get(events, headers={"X-Visitor-Token": known["visitor_token"]})
        assert mine.text == second.text
        assert http.get(events).status_code == 404
        stranger = first_token(http, workspace)
        assert http.get(events, headers={"X-Visitor-Token": stranger}).status_code == 404
        foreign = {**body, "visitor_token": stranger, "client_turn_id": "3"}
        assert http.post(turn_path(workspace), json=foreign).status_code == 404
    with tenant_context(workspace.tenant.id):
        assert Conversation.objects.get(pk=known["conversation_id"]).turns.count() == 2


def first_token(http: httpx.Client, workspace: Workspace) -> str:
    response = http.post(turn_path(workspace), json={"text": "Hello", "client_turn_id": "x"})
    return response.headers["x-visitor-token"]


def test_another_page_may_not_ask(model_web: Process, workspace: Workspace) -> None:
    body = {"text": FACT, "client_turn_id": "1"}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        with page(model_web, workspace, **headers) as http:
            response = http.post(turn_path(workspace), json=body)
            assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    with page(model_web, workspace, Origin=ORIGIN) as http:
        assert http.post(f"/v1/chatbots/{uuid4()}/turns", json=body).status_code == 404
        assert http.post("/v1/chat/completions", json=asked(workspace)).status_code == 403
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.count() == 0


def test_a_secret_key_with_an_origin_is_refused(http: httpx.Client, workspace: Workspace) -> None:
    body = {"text": FACT, "client_turn_id": "1"}
    response = http.post(turn_path(workspace), json=body, headers={"Origin": ORIGIN})
    assert response.status_code == 403


def test_preflight_is_answered_without_a_key(model_web: Process, workspace: Workspace) -> None:
    response = httpx.options(
        f"{model_web.url}{turn_path(workspace)}", headers={"Origin": ORIGIN}, trust_env=False
    )
    assert response.status_code == 204
    assert "Authorization" in response.headers["access-control-allow-headers"]


def test_keys_of_every_other_kind_are_refused(
    model_web: Process, workspace: Workspace, make_workspace: Callable[[], Workspace]
) -> None:
    other = make_workspace()
    reader = mint_secret_key(tenant_id=workspace.tenant.id, scopes=["documents:read"])
    body = {"text": FACT, "client_turn_id": "1"}
    wanted = {None: 401, "nonsense": 401, reader: 403, other.secret_key: 404}
    for key, status in wanted.items():
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as http:
            assert http.post(turn_path(workspace), json=body).status_code == status
            if status != 404:
                assert http.get("/v1/models").status_code == status
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x"},
        {"text": "", "client_turn_id": "1"},
        {"text": "x" * 8_001, "client_turn_id": "1"},
        {"text": "x", "client_turn_id": ""},
        {"text": "x", "client_turn_id": "a\x00b"},
        {"text": " \x00 ", "client_turn_id": "1"},
        {"text": "x", "client_turn_id": "1", "conversation_id": "nope"},
        {"text": 1, "client_turn_id": "1"},
    ],
)
def test_a_turn_that_does_not_fit_is_refused(
    http: httpx.Client, workspace: Workspace, body: dict[str, Any]
) -> None:
    response = http.post(turn_path(workspace), json=body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


def test_methods_and_last_event_ids_are_checked(http: httpx.Client, workspace: Workspace) -> None:
    assert http.get(turn_path(workspace)).status_code == 405
    started = http.post(turn_path(workspace), json={"text": "Hi", "client_turn_id": "1"})
    turn_id = started.text.split("id: ")[1].split(":")[0]
    events = f"{turn_path(workspace)}/{turn_id}/events"
    for bad in ("x", f"{uuid4()}:1", f"{turn_id}:-1", f"{turn_id}:1e3"):
        assert http.get(events, headers={"Last-Event-ID": bad}).status_code == 400
    assert http.get(events).text == started.text
