"""`stop` of chat completions: the answer ends before it, whoever writes it and however it comes in."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.llm.stops import StopFinder
from conversations.models import Message, Turn
from tenants.context import tenant_context
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

FACT = "What is the access code of the Zorblatt depot?"


@pytest.fixture
def http(model_web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as client:
        yield client


def ask(http: httpx.Client, workspace: Workspace, question: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    body = {"model": str(workspace.chatbot_id), "messages": messages, **more}
    response = http.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def stream(http: httpx.Client, workspace: Workspace, question: str, **more: Any) -> list[Any]:
    messages = [{"role": "user", "content": question}]
    body = {"model": str(workspace.chatbot_id), "messages": messages, "stream": True, **more}
    response = http.post("/v1/chat/completions", json=body)
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert events.pop() == "[DONE]"
    return [json.loads(event)["choices"][0] for event in events]


@pytest.mark.parametrize(
    "case",
    [
        ("END", "One two three "),
        (["nothing", "three", "two"], "One "),
        ("tw", "One "),
        ("one", "One two three END four five"),
        ("five six", "One two three END four five"),
        (["END four fiver", "four"], "One two three END "),
    ],
)
@pytest.mark.parametrize("chunks", [1, 3, 9, 27])
def test_an_answer_ends_before_its_stop_sequence(
    http: httpx.Client,
    workspace: Workspace,
    fake: FakeOpenAI,
    case: tuple[str | list[str], str],
    chunks: int,
) -> None:
    stop, said = case
    question, text = uuid4().hex, "One two three END four five"
    fake.script({"match": question, "text": text, "chunks": chunks, "times": 2})
    answer = ask(http, workspace, question, stop=stop)
    assert answer["choices"][0]["message"]["content"] == said
    assert answer["choices"][0]["finish_reason"] == "stop"
    told = stream(http, workspace, question, stop=stop)
    assert "".join(each["delta"].get("content", "") for each in told) == said
    assert [each["finish_reason"] for each in told if each["finish_reason"]] == ["stop"]
    with tenant_context(workspace.tenant.id):
        assert {m.text for m in Message.objects.filter(role="assistant")} == {said}


def test_nothing_of_a_stop_sequence_is_shown_while_the_rest_may_come(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "Yes. <|e", "chunks": 8, "hold_at": 8})
    body = {
        "model": str(workspace.chatbot_id),
        "messages": [{"role": "user", "content": question}],
        "stream": True,
        "stop": "<|end|>",
    }
    shown = before = ""
    with http.stream("POST", "/v1/chat/completions", json=body) as response:
        for line in response.iter_lines():
            if not line.startswith("data: {"):
                continue
            delta = json.loads(line[6:])["choices"][0]["delta"]
            shown += delta.get("content", "")
            # All of it has been sent, and the end of it is held.
            if shown.strip() == "Yes.":
                before = shown
                fake.release()
    assert before
    assert shown == "Yes. <|e"


def test_what_comes_after_it_is_not_waited_for_nor_lost_to_the_meter(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "A B STOP " + "word " * 400, "delay": 0.05})
    assert ask(http, workspace, question, stop="STOP")["choices"][0]["message"]["content"] == "A B "
    [seen] = fake.log(question)
    assert seen["chunks_sent"] < 50
    # Its newer models refuse the parameter.
    assert "stop" not in seen["body"]
    with tenant_context(workspace.tenant.id):
        record = UsageRecord.objects.get()
        assert (record.source, record.tokens_out >= 3) == ("estimated", True)
        assert not Hold.objects.exists()


@pytest.mark.parametrize("streams", [False, True])
def test_an_answer_that_begins_with_it_is_empty_and_no_failure(
    http: httpx.Client, workspace: Workspace, fake: FakeOpenAI, streams: bool
) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "STOP here"})
    if streams:
        told = stream(http, workspace, question, stop="STOP")
        assert "".join(each["delta"].get("content", "") for each in told) == ""
        assert told[-1]["finish_reason"] == "stop"
    else:
        [choice] = ask(http, workspace, question, stop="STOP")["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("", "stop")
    with tenant_context(workspace.tenant.id):
        eventually(Turn.objects.filter(status="stopped").exists)
        assert not Hold.objects.exists()


def test_the_offline_answerer_ends_there_too(web: Process, workspace: Workspace) -> None:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False) as http:
        whole = ask(http, workspace, FACT)["choices"][0]["message"]["content"]
        assert "depot is 48213" in whole
        before, _, _ = whole.partition("is 48213")
        [choice] = ask(http, workspace, FACT, stop=["never said", "is 48213"])["choices"]
        assert choice["message"]["content"] == before
        assert choice["finish_reason"] == "stop"
        told = stream(http, workspace, FACT, stop="is 48213")
        assert "".join(each["delta"].get("content", "") for each in told) == before


def naive(text: str, stops: list[str]) -> str:
    """What stands before the stop sequence that is whole first, of several the longest."""
    for end in range(1, len(text) + 1):
        whole = [stop for stop in stops if text[:end].endswith(stop)]
        if whole:
            return text[: end - max(map(len, whole))]
    return text


LETTERS = st.text("ab", max_size=30)


@given(
    st.lists(LETTERS, max_size=8),
    st.lists(st.text("ab", min_size=1, max_size=6), max_size=4),
)
def test_the_pieces_make_no_difference(pieces: list[str], stops: list[str]) -> None:
    finder, shown = StopFinder(stops), ""
    for piece in pieces:
        shown += finder.feed(piece)
        # What was shown is never taken back.
        assert naive("".join(pieces), stops).startswith(shown)
        if finder.found:
            break
    else:
        shown += finder.rest()
    assert shown == naive("".join(pieces), stops)
