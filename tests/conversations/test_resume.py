"""A cut socket loses nothing: the rest of an answer comes from another process (T34)."""

import os
import random
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db.models.functions import Now

from billing.catalog.services import subscribe
from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.models import Message, Turn
from conversations.turns.eventlog import log_key
from conversations.turns.sweep import sweep_tenant
from core.redis import sync_redis
from tenants.context import tenant_context
from tests.conversations.client import Chat, kinds_of, text_of, wait_for_turn
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

ROUNDS = int(os.environ.get("RESUME_ROUNDS", "6"))


@pytest.fixture(scope="module")
def second_web(model_environment: dict[str, str]) -> Iterator[Process]:
    with Process("web", environment=model_environment) as process:
        yield process


def begin_and_cut(
    web: Process, workspace: Workspace, question: str, events: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Asks, reads so many events and cuts. Returns the session's first frame and the events."""
    with Chat(web.socket_url, workspace.publishable_key) as chat:
        chat.ask(question)
        return chat.ready, [chat.next() for _ in range(events)]


def resume(
    web: Process, workspace: Workspace, ready: dict[str, Any], turn_id: str, last: str | None
) -> list[dict[str, Any]]:
    known = {name: ready[name] for name in ("visitor_token", "conversation_id")}
    with Chat(web.socket_url, workspace.publishable_key, **known) as chat:
        chat.send("turn.resume", turn_id=turn_id, last_event_id=last)
        return chat.until_end()


@pytest.mark.parametrize("build", ["product", "broken"])
def test_the_rest_comes_from_another_process_without_gap_or_repeat(  # noqa: PLR0917
    build: str,
    model_web: Process,
    second_web: Process,
    model_environment: dict[str, str],
    workspace: Workspace,
    fake: FakeOpenAI,
) -> None:
    """The broken build keeps no log: what was said while nobody listened is lost."""
    seeded = random.Random(34)
    # At full size it asks more than the free plan allows in a minute.
    subscribe(tenant_id=workspace.tenant.id, plan="demo")
    if build == "product":
        assert model_web.pid != second_web.pid
        for _ in range(ROUNDS):
            assert one_round(model_web, second_web, workspace, fake, seeded) == []
        return
    with Process("web", broken="no_event_log", environment=model_environment) as forgetful:
        faults = one_round(forgetful, second_web, workspace, fake, seeded)
    assert "gap" in faults


def one_round(
    first: Process, second: Process, workspace: Workspace, fake: FakeOpenAI, seeded: random.Random
) -> list[str]:
    """Cuts one answer at a random event; returns what is wrong with the whole that comes out."""
    question = f"What is the access code? {uuid4().hex}"
    text = " ".join(f"word{n}" for n in range(40)) + " the code is 48213 [1]."
    fake.script({"match": question, "text": text, "delay": 0.02})
    ready, before = begin_and_cut(first, workspace, question, seeded.randint(1, 8))
    turn_id = before[0]["turn_id"]
    after = resume(second, workspace, ready, turn_id, before[-1]["event_id"])
    events = before + after
    numbers = [int(event["event_id"].split(":")[1]) for event in events]
    faults = []
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append("gap")
    if text_of(events) != stored_reply(workspace, turn_id):
        faults.append("text differs from what is stored")
    if len(fake.log(question)) != 1:
        faults.append("more than one generation")
    if kinds_of(events).count("turn.citation") != 1 or kinds_of(events)[-1] != "turn.completed":
        faults.append("not all events came")
    return faults


def stored_reply(workspace: Workspace, turn_id: str) -> str:
    with tenant_context(workspace.tenant.id):
        return Message.objects.get(turn_id=turn_id, role="assistant").text


def test_a_killed_process_leaves_an_interrupted_turn_and_no_hold(
    model_environment: dict[str, str], second_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 200, "delay": 0.05})
    doomed = Process("web", environment=model_environment).start()
    try:
        ready, before = begin_and_cut(doomed, workspace, question, 6)
        with tenant_context(workspace.tenant.id):
            assert (Turn.objects.get().status, Hold.objects.count()) == ("running", 1)
    finally:
        doomed.kill()
    with Process("web", environment=model_environment):
        wait_for_turn(workspace, "interrupted")
    after = resume(second_web, workspace, ready, before[0]["turn_id"], before[-1]["event_id"])
    status, text = end_of(before, after)
    assert status == "interrupted"
    with tenant_context(workspace.tenant.id):
        assert (Hold.objects.count(), UsageRecord.objects.count()) == (0, 0)
        assert stored_reply(workspace, before[0]["turn_id"]) == text
    assert len(fake.log(question)) == 1


def test_who_waits_for_a_killed_process_is_told_without_worker_and_beat(
    model_environment: dict[str, str], second_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 200, "delay": 0.05})
    doomed = Process("web", environment=model_environment).start()
    try:
        ready, before = begin_and_cut(doomed, workspace, question, 6)
    finally:
        doomed.kill()
    # As if its thirty seconds were over: nothing else here looks for turns of dead processes.
    with tenant_context(workspace.tenant.id):
        Turn.objects.update(lease_until=Now() - timedelta(seconds=1))
    after = resume(second_web, workspace, ready, before[0]["turn_id"], before[-1]["event_id"])
    assert end_of(before, after)[0] == "interrupted"
    with tenant_context(workspace.tenant.id):
        assert (Turn.objects.get().status, Hold.objects.count()) == ("interrupted", 0)


def test_a_machine_whose_clock_is_behind_keeps_its_answers(
    model_environment: dict[str, str], workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "one two three four", "hold_at": 2})
    with (
        Process("web", broken="clock_behind", environment=model_environment) as behind,
        Chat(behind.socket_url, workspace.publishable_key) as chat,
    ):
        chat.ask(question)
        chat.receive("turn.started")
        chat.receive("turn.delta")
        # By the right clock, as beat would.
        assert sweep_tenant(workspace.tenant.id) == 0
        fake.release()
        assert chat.until_end()[-1]["type"] == "turn.completed"


def end_of(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> tuple[str, str]:
    """How a turn ended and what it said. Who comes between the sweeper's commit and its event is told
    the whole at once."""
    last = after[-1]
    if last["type"] == "turn.snapshot":
        return last["status"], last["text"]
    return last["code"], text_of(before + after)


def test_a_process_that_is_told_to_end_saves_what_it_has(
    model_environment: dict[str, str], workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 400, "delay": 0.05})
    ending = Process("web", environment={**model_environment, "TURN_DRAIN_SECONDS": "0.3"})
    with ending:
        _, before = begin_and_cut(ending, workspace, question, 4)
        # It ends by itself: a process that had to be killed would have saved nothing.
        ending.stop(60)
        assert ending.returncode not in (None, -signal.SIGKILL)
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "interrupted"
        assert Hold.objects.count() == 0
        assert UsageRecord.objects.get().source == "estimated"
        assert stored_reply(workspace, before[0]["turn_id"]).startswith(text_of(before))
    assert "Traceback" not in ending.log()


def test_a_stop_reaches_the_answering_process_from_another(
    model_web: Process, second_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 400, "delay": 0.05})
    ready, before = begin_and_cut(model_web, workspace, question, 4)
    known = {name: ready[name] for name in ("visitor_token", "conversation_id")}
    with Chat(second_web.socket_url, workspace.publishable_key, **known) as chat:
        assert chat.ready["active_turn"]["turn_id"] == before[0]["turn_id"]
        chat.send("turn.stop", turn_id=before[0]["turn_id"])
        chat.send("turn.resume", turn_id=before[0]["turn_id"], last_event_id=before[-1]["event_id"])
        after = chat.until_end()
    assert after[-1]["finish_reason"] == "stopped"
    shown = text_of(before + after)
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "stopped"
        reply = Message.objects.get(role="assistant")
        assert (reply.status, reply.text) == ("stopped", shown)
        record = UsageRecord.objects.get()
        assert record.source == "estimated"
        assert record.tokens_out >= len(shown.split())
        assert Hold.objects.count() == 0


def test_an_ended_turn_whose_log_is_gone_comes_as_one_snapshot(
    model_web: Process, workspace: Workspace
) -> None:
    with Chat(model_web.socket_url, workspace.publishable_key) as chat:
        events = chat.answer("What is the access code of the Zorblatt depot?")
        turn_id = events[0]["turn_id"]
        with tenant_context(workspace.tenant.id):
            name = log_key(workspace.tenant.id, Turn.objects.get().pk)
        assert 0 < sync_redis("events").ttl(name) <= 900
        sync_redis("events").delete(name)
        message_id = events[-1]["message_id"]
        chat.send("feedback.create", message_id=message_id, value="down", comment="Too short.")
        chat.send("turn.resume", turn_id=turn_id, last_event_id=events[1]["event_id"])
        snapshot = chat.receive("turn.snapshot")
        assert snapshot["text"] == text_of(events)
        assert snapshot["feedback"] == {"value": "down", "comment": "Too short."}
        assert snapshot["event_id"] == events[-1]["event_id"]
        assert [c["quote"] for c in snapshot["citations"]] == [
            e["quote"] for e in events if e["type"] == "turn.citation"
        ]
        chat.send("turn.resume", turn_id=turn_id, last_event_id=events[-1]["event_id"])
        chat.send("ping")
        assert chat.next()["type"] == "pong"


def test_a_log_that_is_flushed_in_the_middle_loses_no_reply(
    model_web: Process, second_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 40, "delay": 0.03})
    ready, before = begin_and_cut(model_web, workspace, question, 3)
    with tenant_context(workspace.tenant.id):
        name = log_key(workspace.tenant.id, Turn.objects.get().pk)
    # More has been told than was seen, and the turn still runs.
    seen = len(before)
    eventually(lambda: sync_redis("events").xlen(name) > seen)
    sync_redis("events").delete(name)
    after = resume(second_web, workspace, ready, before[0]["turn_id"], before[-1]["event_id"])
    assert kinds_of(after) == ["turn.snapshot"]
    assert (after[0]["status"], after[0]["text"]) == ("completed", "word " * 40)


def test_the_same_events_come_over_http(
    model_web: Process, second_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 30, "delay": 0.02})
    path = f"/v1/chatbots/{workspace.chatbot_id}/turns"
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    body = {"text": question, "client_turn_id": "t1"}
    seen: list[str] = []
    with (
        httpx.Client(base_url=model_web.url, headers=headers, trust_env=False) as http,
        http.stream("POST", path, json=body) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("id: "):
                seen.append(line.removeprefix("id: "))
            if len(seen) == 3:
                break
    turn_id, _, _ = seen[0].partition(":")
    headers["Last-Event-ID"] = seen[-1]
    with httpx.Client(base_url=second_web.url, headers=headers, trust_env=False) as http:
        rest = http.get(f"{path}/{turn_id}/events").text
    ids = seen + [
        line.removeprefix("id: ") for line in rest.splitlines() if line.startswith("id: ")
    ]
    assert ids == [f"{turn_id}:{n}" for n in range(1, len(ids) + 1)]
    assert "event: turn.completed" in rest
    assert len(fake.log(question)) == 1


def test_without_redis_a_turn_is_answered_saved_and_charged(
    model_environment: dict[str, str], workspace: Workspace
) -> None:
    nowhere = {"REDIS_URL": "redis://127.0.0.1:9", "CELERY_BROKER_URL": "redis://127.0.0.1:9/3"}
    with Process("web", environment={**model_environment, **nowhere}) as web:
        with Chat(web.socket_url, workspace.publishable_key) as chat:
            events = chat.answer("What is the access code of the Zorblatt depot?")
            assert events[-1]["type"] == "turn.completed"
            turn_id = events[0]["turn_id"]
            chat.send("turn.resume", turn_id=turn_id, last_event_id=events[0]["event_id"])
            assert chat.receive("turn.snapshot")["text"] == text_of(events)
        assert "Traceback" not in web.log()
    with tenant_context(workspace.tenant.id):
        assert Message.objects.get(role="assistant").text == text_of(events)
        assert (UsageRecord.objects.count(), Hold.objects.count()) == (1, 0)
