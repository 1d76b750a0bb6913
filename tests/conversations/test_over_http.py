"""The chat over requests: frames for frames, with every rule of the socket."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.models import Turn
from tenants.context import tenant_context
from tests.conversations.client import ORIGIN, Chat
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

MakeWorkspace = Callable[[], Workspace]


def exchange(
    web: Process, *frames: dict[str, Any], origin: str | None = ORIGIN
) -> list[dict[str, Any]]:
    """What these frames are answered with."""
    response = send(web, "\n".join(map(json.dumps, frames)), origin=origin)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["access-control-allow-origin"] == "*"
    parts = response.text.split("\n\n")
    return [json.loads(part.removeprefix("data: ")) for part in parts if part.startswith("data: ")]


def send(web: Process, body: str, *, origin: str | None = ORIGIN, method: str = "POST") -> Any:
    headers = {"Content-Type": "text/plain", **({"Origin": origin} if origin else {})}
    with httpx.Client(trust_env=False, timeout=30) as client:
        return client.request(method, f"{web.url}/sse/chat/", content=body, headers=headers)


def start(workspace: Workspace, **more: Any) -> dict[str, Any]:
    return {"type": "session.start", "key": workspace.publishable_key, **more}


def ask(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "turn.create", "client_turn_id": str(uuid4()), "text": text, **more}


def again(workspace: Workspace, ready: dict[str, Any]) -> dict[str, Any]:
    kept = {name: ready[name] for name in ("visitor_token", "conversation_id")}
    return start(workspace, **kept)


def test_a_question_is_answered_within_its_request(web: Process, workspace: Workspace) -> None:
    frames = exchange(web, start(workspace), ask("What is the access code?"))
    kinds = [frame["type"] for frame in frames]
    assert kinds[:2] == ["session.ready", "turn.started"]
    assert kinds[-1] == "turn.completed"
    assert "48213" in "".join(frame.get("text", "") for frame in frames)
    later = exchange(web, again(workspace, frames[0]))[0]
    assert [message["role"] for message in later["messages"]] == ["visitor", "assistant"]
    # The same conversation on a socket.
    token = frames[0]["visitor_token"]
    with Chat(
        web.socket_url,
        workspace.publishable_key,
        visitor_token=token,
        conversation_id=frames[0]["conversation_id"],
    ) as chat:
        assert len(chat.ready["messages"]) == 2


def test_what_ends_lines_elsewhere_ends_no_frame(web: Process, workspace: Workspace) -> None:
    text = "What is the \u2028access\u0085code\u2029?"
    body = "\n".join(json.dumps(each, ensure_ascii=False) for each in [start(workspace), ask(text)])
    assert '"turn.completed"' in send(web, body).text


def test_a_question_that_is_sent_again_is_asked_once(web: Process, workspace: Workspace) -> None:
    question = ask("What is the access code?")
    first = exchange(web, start(workspace), question)
    second = exchange(web, again(workspace, first[0]), question)
    assert second[1]["turn_id"] == first[1]["turn_id"]


def test_who_hangs_up_loses_nothing(
    model_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = f"What is the access code if one hangs up {uuid4().hex}?"
    fake.script({"match": text, "text": "one two three four five", "delay": 0.2})
    ready = exchange(model_web, start(workspace))[0]
    body = "\n".join(map(json.dumps, [again(workspace, ready), ask(text)]))
    with (
        httpx.Client(trust_env=False, timeout=30) as client,
        client.stream(
            "POST", f"{model_web.url}/sse/chat/", content=body, headers={"Origin": ORIGIN}
        ) as response,
    ):
        started = next(line for line in response.iter_lines() if "turn.started" in line)
    turn_id = json.loads(started.removeprefix("data: "))["turn_id"]

    def has_ended() -> bool:
        with tenant_context(workspace.tenant.id):
            return Turn.objects.get(pk=turn_id).ended_at is not None

    eventually(has_ended)
    resume = {"type": "turn.resume", "turn_id": turn_id}
    frames = exchange(model_web, again(workspace, ready), resume)
    assert frames[-1]["type"] in ("turn.completed", "turn.snapshot")
    assert "five" in "".join(frame.get("text", "") for frame in frames)


def test_the_rules_are_those_of_a_socket(
    web: Process, workspace: Workspace, make_workspace: MakeWorkspace
) -> None:
    def refusal(*frames: dict[str, Any], origin: str | None = ORIGIN) -> str:
        return str(exchange(web, *frames, origin=origin)[-1]["code"])

    assert refusal(start(workspace), origin="https://elsewhere.example") == "origin_not_allowed"
    assert refusal({"type": "session.start", "key": "cb_pk_live_wrong"}) == "unauthenticated"
    assert refusal(ask("Hello?")) == "no_session"
    assert refusal({"type": "turn.guess"}) == "bad_frame"
    assert exchange(web, {"type": "ping"}) == [{"type": "pong"}]
    # Another visitor's turn, and another tenant's.
    turn_id = exchange(web, start(workspace), ask("What is the access code?"))[1]["turn_id"]
    resume = {"type": "turn.resume", "turn_id": turn_id}
    assert refusal(start(workspace), resume) == "not_found"
    assert refusal(start(make_workspace()), resume) == "not_found"


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("GET", "", 405),
        ("POST", "", 400),
        ("POST", "{}\n" * 5, 400),
        ("POST", "x" * 300_000, 413),
    ],
)
def test_what_is_no_request_of_frames_is_a_problem(
    web: Process, method: str, body: str, status: int
) -> None:
    response = send(web, body, method=method)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
