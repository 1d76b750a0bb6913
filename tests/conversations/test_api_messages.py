"""What clients put into chat completions by themselves, and a chatbot called by its name."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import create_chatbot
from conversations.models import Turn
from tenants.context import tenant_context
from tests.fake_openai import FakeOpenAI
from tests.live import Process


@pytest.fixture
def http(model_web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as client:
        yield client


def ask(http: httpx.Client, workspace: Workspace, **fields: Any) -> httpx.Response:
    messages = [{"role": "user", "content": "What is it?"}]
    body = {"model": str(workspace.chatbot_id), "messages": messages, **fields}
    return http.post("/v1/chat/completions", json=body)


# As a program that sets everything would send it.
WITHOUT_EFFECT: dict[str, Any] = {
    "tools": [],
    "functions": [],
    "tool_choice": "none",
    "parallel_tool_calls": True,
    "response_format": {"type": "text"},
    "modalities": ["text"],
    "frequency_penalty": 0,
    "presence_penalty": 0.0,
    "logprobs": False,
    "top_logprobs": None,
    "logit_bias": {},
    "store": False,
    "metadata": {"job": "nightly"},
    "service_tier": "auto",
    "seed": 42,
    "n": 1,
    "stop": [],
    "safety_identifier": "u-1",
    "prompt_cache_key": "k-1",
    "reasoning_effort": "low",
    "verbosity": "medium",
    "stream_options": {"include_usage": True, "include_obfuscation": False},
}


def test_what_changes_nothing_is_taken_and_not_handed_on(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    messages = [{"role": "user", "content": question}]
    answer = ask(http, workspace, messages=messages, **WITHOUT_EFFECT)
    assert answer.status_code == 200, answer.text
    [seen] = fake.log(question)
    handed_on = {"stream_options", "messages", "model", "stream", "max_tokens"}
    assert seen["body"].keys() <= handed_on


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("tool_choice", "required"),
        ("response_format", {"type": "json_object"}),
        ("frequency_penalty", 0.5),
        ("logit_bias", {"50256": -100}),
        ("logprobs", True),
        ("n", 2),
        ("audio", {"voice": "x"}),
        ("web_search_options", {}),
        ("top_k", 40),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(
    http: httpx.Client, workspace: Workspace, name: str, value: Any
) -> None:
    answer = ask(http, workspace, **{name: value})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "unsupported_parameter")
    assert (told["error"]["param"], name in told["detail"]) == (name, True)
    assert answer.headers["content-type"] == "application/problem+json"
    with tenant_context(workspace.tenant.id):
        assert not Turn.objects.exists()


def test_a_history_with_tools_is_told_without_them(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "How warm is it?", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "22 degrees"},
        {"role": "assistant", "content": "It is warm.", "refusal": None, "annotations": []},
        {"role": "user", "content": [{"type": "text", "text": question}]},
        {"role": "assistant", "content": ""},
    ]
    answer = ask(http, workspace, messages=messages)
    assert answer.status_code == 200, answer.text
    [seen] = fake.log(question)
    sent = seen["body"]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert "22 degrees" not in str(sent)


def test_a_chatbot_is_a_model_by_its_name(http: httpx.Client, workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        named = create_chatbot(name="Depot helper (2)")
    answer = ask(http, workspace, model="Depot helper (2)")
    assert (answer.status_code, answer.json()["model"]) == (200, str(named.id))
    read = http.get("/v1/models/Depot helper (2)")
    assert (read.status_code, read.json()["id"]) == (200, str(named.id))
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().conversation.chatbot_id == named.id


@pytest.mark.parametrize("model", ["depot helper", "", "\x00", "x" * 5_000, "gpt-4o", "%"])
def test_a_name_that_no_chatbot_has_is_not_there(
    http: httpx.Client, workspace: Workspace, model: str
) -> None:
    with tenant_context(workspace.tenant.id):
        create_chatbot(name="Depot helper")
    answer = ask(http, workspace, model=model)
    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")
    assert answer.json()["error"]["param"] == "model"


def test_a_name_that_two_have_is_refused_until_one_is_meant(
    http: httpx.Client, workspace: Workspace
) -> None:
    with tenant_context(workspace.tenant.id):
        first, _ = create_chatbot(name="Twin"), create_chatbot(name="Twin")
    for answer in (ask(http, workspace, model="Twin"), http.get("/v1/models/Twin")):
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")
        assert "Several chatbots are called “Twin”" in answer.json()["detail"]
    assert ask(http, workspace, model=str(first.id)).status_code == 200


def test_another_tenants_name_is_not_there(
    http: httpx.Client, workspace: Workspace, make_workspace: Any
) -> None:
    other = make_workspace()
    with tenant_context(other.tenant.id):
        create_chatbot(name="Secret helper")
    assert ask(http, workspace, model="Secret helper").status_code == 404
