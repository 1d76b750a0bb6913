"""The chat socket's door: keys, tokens, frames, and who may reach what."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from conversations.chatbots.identity_secrets import seal_identity_secret
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Conversation, Feedback, Message, Turn
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import mint_publishable_key, revoke_key
from tenants.keys.visitor_tokens import issue_visitor_token
from tenants.models import APIKey, Tenant
from tests.conversations.client import Chat, text_of, wait_for_turn
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

MakeWorkspace = Callable[[], Workspace]


def refused(web: Process, key: str, **start: Any) -> tuple[str, int | None]:
    """The error's code and the close code of a session that is not opened."""
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=key, **start)
        return chat.receive("error")["code"], chat.close_code()


@pytest.fixture
def bare(make_workspace: MakeWorkspace) -> Workspace:
    """A workspace without documents."""
    return make_workspace()


def test_a_session_says_who_answers_and_what_to_ask(web: Process, bare: Workspace) -> None:
    with tenant_context(bare.tenant.id):
        Chatbot.objects.update(suggested_questions=["Why?"], color="#123456")
    with Chat(web.socket_url, bare.publishable_key) as chat:
        assert chat.ready["chatbot"] == {
            "name": "Assistant",
            "welcome": "Hello! Ask me anything about our documents.",
            "color": "#123456",
            "theme": "visitor",
            "position": "end",
            "lang": "page",
            "label": "",
            "avatar": "",
            "suggested_questions": ["Why?"],
            "contact": None,
            "marks_unsupported": True,
        }
        assert chat.ready["answerer"]["kind"] == "offline"
        assert "no language model" in chat.ready["answerer"]["label"]
        assert (chat.ready["messages"], chat.ready["active_turn"]) == ([], None)


def test_a_secret_key_is_refused(web: Process, bare: Workspace) -> None:
    assert refused(web, bare.secret_key) == ("unauthenticated", 4401)


@pytest.mark.parametrize("key", ["", "cb_pk_live_x", "cb_pk_live_" + "0" * 32 + "_000000", "\x00"])
def test_a_malformed_or_unknown_key_is_refused(web: Process, key: str) -> None:
    assert refused(web, key) == ("unauthenticated", 4401)


def test_a_revoked_key_is_refused(web: Process, bare: Workspace) -> None:
    with platform_context():
        key_id = APIKey.objects.get(plain=bare.publishable_key).pk
    revoke_key(tenant_id=bare.tenant.id, key_id=key_id)
    assert refused(web, bare.publishable_key) == ("unauthenticated", 4401)


def test_a_suspended_tenant_is_refused(web: Process, bare: Workspace) -> None:
    with platform_context():
        Tenant.objects.filter(pk=bare.tenant.id).update(status=Tenant.Status.SUSPENDED)
    assert refused(web, bare.publishable_key) == ("tenant_suspended", 4401)


def test_a_key_of_a_chatbot_that_is_gone_is_refused(web: Process, bare: Workspace) -> None:
    key = mint_publishable_key(tenant_id=bare.tenant.id, chatbot_id=new_id())
    assert refused(web, key) == ("unauthenticated", 4401)


def test_on_a_tenants_host_another_tenants_key_is_unknown(
    web: Process, bare: Workspace, make_workspace: MakeWorkspace
) -> None:
    other = make_workspace()
    host = other.tenant.host
    with Chat(web.socket_url, host=host) as chat:
        chat.send("session.start", key=bare.publishable_key)
        assert chat.receive("error")["code"] == "unauthenticated"
        assert chat.close_code() == 4401
    with Chat(web.socket_url, other.publishable_key, host=host) as chat:
        assert chat.ready["conversation_id"]
    with Chat(web.socket_url, host="unknown.localhost") as chat:
        chat.send("session.start", key=bare.publishable_key)
        assert (chat.receive("error")["code"], chat.close_code()) == ("not_found", 4401)


def test_a_foreign_or_broken_visitor_token_is_refused(
    web: Process, bare: Workspace, make_workspace: MakeWorkspace
) -> None:
    other = make_workspace()
    foreign = issue_visitor_token(other.tenant.id, other.chatbot_id, new_id())
    sibling = issue_visitor_token(bare.tenant.id, other.chatbot_id, new_id())
    for token in (foreign, sibling, "x", foreign[:-2] + "AA"):
        assert refused(web, bare.publishable_key, visitor_token=token) == ("unauthenticated", 4401)


def test_without_a_session_in_time_the_socket_closes() -> None:
    with Process("web", environment={"SOCKET_SESSION_SECONDS": "0.5"}) as hasty:
        with Chat(hasty.socket_url) as chat:
            assert chat.close_code() == 4408
        assert "Traceback" not in hasty.log()


@pytest.fixture
def faults(web: Process) -> Callable[[], list[str]]:
    """What the web's log tells of since the test began: the process is shared."""
    before = len(web.log())
    return lambda: [line for line in web.log()[before:].splitlines() if "Traceback" in line]


def test_another_path_has_no_socket(web: Process, faults: Callable[[], list[str]]) -> None:
    with pytest.raises(InvalidStatus):
        Chat(web.socket_url.replace("/ws/chat/", "/ws/nothing/"))
    assert faults() == []


BAD_FRAMES: dict[str, str | bytes] = {
    "empty": "",
    "binary": b"\x00\x01",
    "binary json": b'{"type": "ping"}',
    "not json": "{",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "no type": "{}",
    "unknown type": '{"type": "turn.delete"}',
    "a server's type": '{"type": "turn.delta", "text": "x"}',
    "deeply nested": '{"type": "ping", "x": ' + "[" * 30_000 + "]" * 30_000 + "}",
    "deeply nested objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "a field of the wrong type": '{"type": "turn.create", "client_turn_id": 1, "text": "x"}',
    "an id with a NUL": '{"type": "turn.create", "client_turn_id": "a\\u0000b", "text": "x"}',
    "a missing field": '{"type": "turn.create", "text": "x"}',
    "an empty id": '{"type": "turn.create", "client_turn_id": "", "text": "x"}',
    "no uuid": '{"type": "turn.stop", "turn_id": "1"}',
    "a wrong value": '{"type": "feedback.create", "message_id": "'
    + str(uuid4())
    + '", "value": "sideways"}',
    "a long comment": '{"type": "feedback.create", "message_id": "'
    + str(uuid4())
    + '", "value": "up", "comment": "'
    + "a" * 1_001
    + '"}',
    "too long": '{"type": "ping", "x": "' + "a" * 65_536 + '"}',
    "too long in bytes": '{"type": "ping", "x": "' + "é" * 33_000 + '"}',
    "half a surrogate": '{"type": "turn.create", "client_turn_id": "\\ud800", "text": "x"}',
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_closes_the_socket(
    web: Process, bare: Workspace, faults: Callable[[], list[str]], name: str
) -> None:
    with Chat(web.socket_url, bare.publishable_key) as chat:
        chat.send_raw(BAD_FRAMES[name])
        assert chat.receive("error")["code"] == "bad_frame"
        assert chat.close_code() == 4400
    with tenant_context(bare.tenant.id):
        assert Turn.objects.count() == 0
    assert faults() == []


def test_a_frame_before_the_session_closes_the_socket(web: Process) -> None:
    with Chat(web.socket_url) as chat:
        chat.send("turn.create", client_turn_id="a", text="Hello?")
        assert chat.receive("error")["code"] == "no_session"
        assert chat.close_code() == 4400


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", "x" * 8_001])
def test_an_empty_or_long_message_is_refused_and_the_socket_stays(
    web: Process, bare: Workspace, text: str
) -> None:
    with Chat(web.socket_url, bare.publishable_key) as chat:
        client_turn_id = chat.ask(text)
        error = chat.receive("error")
        assert (error["code"], error["ref"]) == ("invalid_request", client_turn_id)
        chat.send("ping")
        chat.receive("pong")
    with tenant_context(bare.tenant.id):
        assert Turn.objects.count() == 0


def test_a_message_of_8000_characters_is_answered(web: Process, bare: Workspace) -> None:
    with Chat(web.socket_url, bare.publishable_key) as chat:
        assert chat.answer("é" * 8_000)[-1]["type"] == "turn.completed"


def test_the_same_client_turn_id_is_the_same_turn(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    chat.ask(question, "once")
    chat.ask(question, "once")
    first = chat.until_end()
    chat.ask(question, "once")
    again = chat.until_end()
    assert again == first
    assert len(fake.log(question)) == 1
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.count() == 1
        assert Message.objects.filter(role="visitor").count() == 1


def test_the_model_is_told_what_was_said_before(chat: Chat, fake: FakeOpenAI) -> None:
    marker = uuid4().hex
    chat.answer(f"What is the access code of the depot {marker}?")
    chat.answer(f"And who may use that access code {marker}?")
    messages = fake.log(marker)[-1]["body"]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    tag, said, end = messages[1]["content"].splitlines()
    assert said == f"What is the access code of the depot {marker}?"
    # The same elements in the whole prompt, and others in the next turn.
    assert tag in messages[3]["content"]
    assert end == tag.replace("<", "</")
    assert tag not in fake.log(marker)[0]["body"]["messages"][1]["content"]


def test_a_stop_in_the_middle_keeps_what_was_said(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 400, "delay": 0.03})
    chat.ask(question)
    started = chat.receive("turn.started")
    said = [chat.receive("turn.delta") for _ in range(3)]
    chat.send("turn.stop", turn_id=started["turn_id"])
    rest = chat.until_end()
    assert rest[-1]["finish_reason"] == "stopped"
    assert len(text_of(said + rest)) < len("word " * 400)
    with tenant_context(workspace.tenant.id):
        reply = Message.objects.get(role="assistant")
        assert (reply.status, reply.text) == ("stopped", text_of(said + rest))


def test_a_closed_socket_does_not_stop_the_turn(
    model_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 20, "delay": 0.02})
    with Chat(model_web.socket_url, workspace.publishable_key) as chat:
        chat.ask(question)
        chat.receive("turn.started")
        token = chat.ready["visitor_token"]
        conversation_id = chat.ready["conversation_id"]
    wait_for_turn(workspace, "completed")
    with Chat(
        model_web.socket_url,
        workspace.publishable_key,
        visitor_token=token,
        conversation_id=conversation_id,
    ) as chat:
        assert [m["role"] for m in chat.ready["messages"]] == ["visitor", "assistant"]
        assert chat.ready["messages"][1]["text"] == "word " * 20


@pytest.fixture
def strangers(
    model_web: Process, workspace: Workspace, make_workspace: MakeWorkspace
) -> Iterator[dict[str, Chat]]:
    """Another visitor of the same chatbot, a visitor of a sibling chatbot, one of another tenant."""
    other = make_workspace()
    with tenant_context(workspace.tenant.id):
        chatbot = Chatbot.objects.get()
        sibling = Chatbot.objects.create(name="Sibling", allowed_origins=chatbot.allowed_origins)
    sibling_key = mint_publishable_key(tenant_id=workspace.tenant.id, chatbot_id=sibling.pk)
    with (
        Chat(model_web.socket_url, workspace.publishable_key) as visitor,
        Chat(model_web.socket_url, sibling_key) as neighbour,
        Chat(model_web.socket_url, other.publishable_key) as foreigner,
    ):
        yield {"visitor": visitor, "sibling chatbot": neighbour, "other tenant": foreigner}


def test_nobody_else_reaches_a_conversation_its_turns_or_its_stream(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI, strangers: dict[str, Chat]
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "CANARY " * 100, "delay": 0.03})
    chat.ask(question)
    turn_id = chat.receive("turn.started")["turn_id"]
    said = [chat.receive("turn.delta")]
    nothing = str(uuid4())
    for stranger in strangers.values():
        for ids in ((turn_id, nothing), (nothing, nothing)):
            answers = [knock(stranger, ids[0]) for ids in ((turn_id,), (nothing,))]
            assert answers[0] == answers[1]
            assert [answer["code"] for answer in answers[0]] == ["not_found"] * 2
    chat.send("turn.stop", turn_id=turn_id)
    end = said + chat.until_end()
    assert end[-1]["finish_reason"] == "stopped"
    for stranger in strangers.values():
        stranger.send("feedback.create", message_id=end[-1]["message_id"], value="up")
        assert stranger.receive("error")["code"] == "not_found"
    with tenant_context(workspace.tenant.id):
        assert Feedback.objects.count() == 0
        assert Turn.objects.get().stop_requested_at is None


def knock(stranger: Chat, turn_id: str) -> list[dict[str, Any]]:
    """What a stop and a resume are answered with, without the id that was asked for."""
    answers = []
    for kind in ("turn.stop", "turn.resume"):
        stranger.send(kind, turn_id=turn_id)
        answer = stranger.receive("error")
        assert answer.pop("ref") == turn_id
        answers.append(answer)
    return answers


def test_a_foreign_conversation_is_not_there(
    chat: Chat, model_web: Process, workspace: Workspace, make_workspace: MakeWorkspace
) -> None:
    other = make_workspace()
    conversation_id = chat.ready["conversation_id"]
    for key, wanted in (
        (workspace.publishable_key, conversation_id),
        (workspace.publishable_key, str(uuid4())),
        (other.publishable_key, conversation_id),
    ):
        with Chat(model_web.socket_url) as stranger:
            stranger.send("session.start", key=key, conversation_id=wanted)
            error = stranger.receive("error")
            assert (error["code"], error["message"]) == (
                "not_found",
                "There is no such conversation.",
            )
            # The client may go on with a new conversation.
            assert stranger.start(key)["conversation_id"] != wanted


def test_feedback_is_kept_and_may_change_and_be_taken_back(
    chat: Chat, model_web: Process, workspace: Workspace
) -> None:
    message_id = chat.answer("What is the access code of the depot?")[-1]["message_id"]
    chat.send("feedback.create", message_id=message_id, value="up")
    chat.send("feedback.create", message_id=message_id, value="down", comment="wro\x00ng")
    chat.send("ping")
    chat.receive("pong")
    with tenant_context(workspace.tenant.id):
        feedback = Feedback.objects.get()
        assert (str(feedback.message_id), feedback.value, feedback.comment) == (
            message_id,
            "down",
            "wrong",
        )
    start = {
        "visitor_token": chat.ready["visitor_token"],
        "conversation_id": chat.ready["conversation_id"],
    }
    with Chat(model_web.socket_url, workspace.publishable_key, **start) as later:
        shown = [message["feedback"] for message in later.ready["messages"]]
    assert shown == [None, {"value": "down", "comment": "wrong"}]
    chat.send("feedback.create", message_id=message_id, value=None)
    chat.send("ping")
    chat.receive("pong")
    with tenant_context(workspace.tenant.id):
        assert Feedback.objects.count() == 0


def test_an_identified_visitor_has_the_same_conversations_everywhere(
    web: Process, bare: Workspace
) -> None:
    secrets = ["a" * 40, "b" * 40]
    with tenant_context(bare.tenant.id):
        sealed = [
            seal_identity_secret(s, tenant_id=bare.tenant.id, chatbot_id=bare.chatbot_id)
            for s in secrets
        ]
        Chatbot.objects.update(identity_secrets=sealed)
    with Chat(
        web.socket_url, bare.publishable_key, identity_jwt=identity("u1", secrets[0])
    ) as chat:
        conversation_id = chat.ready["conversation_id"]
    start = {"identity_jwt": identity("u1", secrets[1]), "conversation_id": conversation_id}
    with Chat(web.socket_url, bare.publishable_key, **start) as chat:
        assert chat.ready["conversation_id"] == conversation_id
    with Chat(web.socket_url) as chat:
        chat.send(
            "session.start",
            key=bare.publishable_key,
            conversation_id=conversation_id,
            identity_jwt=identity("u2", secrets[0]),
        )
        assert chat.receive("error")["code"] == "not_found"
    with tenant_context(bare.tenant.id):
        assert Conversation.objects.get(pk=conversation_id).external_user == "u1"


def identity(subject: str, secret: str, minutes: int = 5, **claims: Any) -> str:
    payload = {"sub": subject, "exp": datetime.now(UTC) + timedelta(minutes=minutes), **claims}
    return jwt.encode(payload, secret, algorithm="HS256")


def test_a_bad_identity_is_refused(web: Process, bare: Workspace) -> None:
    good = "a" * 40
    key = bare.publishable_key
    assert refused(web, key, identity_jwt=identity("u", good)) == ("unauthenticated", 4401)
    with tenant_context(bare.tenant.id):
        sealed = seal_identity_secret(good, tenant_id=bare.tenant.id, chatbot_id=bare.chatbot_id)
        Chatbot.objects.update(identity_secrets=[sealed])
    unsigned = jwt.encode({"sub": "u", "exp": 9_999_999_999}, "", algorithm="none")
    endless = jwt.encode({"sub": "u"}, good, algorithm="HS256")
    nobody = jwt.encode({"exp": 9_999_999_999}, good, algorithm="HS256")
    for token in (
        identity("u", "c" * 40),
        identity("u", good, minutes=-5),
        identity("", good),
        unsigned,
        endless,
        nobody,
        "x.y.z",
    ):
        assert refused(web, key, identity_jwt=token) == ("unauthenticated", 4401)


def test_refusals_come_in_their_order(web: Process, bare: Workspace) -> None:
    """Suspended before quota before rate limit; nothing is stored by any of them."""
    from billing.catalog.models import Plan, Subscription
    from billing.models import Hold

    plan = {
        "name": "Tight",
        "cost_per_month": 1,
        "turns_per_minute": 1,
        "visitor_turns_per_minute": 100,
        "documents": 1,
    }
    with platform_context():
        tight = Plan.objects.create(code=f"t{uuid4().hex[:12]}", messages_per_month=2, **plan)
        Subscription.objects.create(tenant_id=bare.tenant.id, plan=tight)
    with Chat(web.socket_url, bare.publishable_key) as chat:
        assert chat.answer("One?")[-1]["type"] == "turn.completed"
        chat.ask("Two?")
        assert chat.receive("error")["code"] == "rate_limited"
        with platform_context():
            Plan.objects.filter(pk=tight.pk).update(messages_per_month=1)
        error = refused_with(chat, "message_quota_exceeded")
        assert "It frees on" in error["message"]
        with platform_context():
            Tenant.objects.filter(pk=bare.tenant.id).update(status=Tenant.Status.SUSPENDED)
        # The regular look at open sockets may come first; it closes this one.
        with suppress(ConnectionClosed):
            refused_with(chat, "tenant_suspended")
        assert chat.close_code(0.5) in {None, 4401}
    with tenant_context(bare.tenant.id):
        assert (Turn.objects.count(), Hold.objects.count()) == (1, 0)


def refused_with(chat: Chat, code: str) -> dict[str, Any]:
    """The refusal with this code, once the plan that was read before is forgotten."""

    def ask() -> dict[str, Any] | None:
        chat.ask("Again?")
        error = chat.receive("error")
        return error if error["code"] == code else None

    found = eventually(ask)
    assert found is not None
    return found


def test_a_visitor_without_knowledge_is_told_so(web: Process, bare: Workspace) -> None:
    frames = json.dumps(answer_without_documents(web, bare))
    assert "I do not know" in frames
    assert "turn.citation" not in frames


def answer_without_documents(web: Process, bare: Workspace) -> list[dict[str, Any]]:
    with Chat(web.socket_url, bare.publishable_key) as chat:
        return chat.answer("What is the access code of the Zorblatt depot?")


def test_a_revoked_key_and_a_suspended_tenant_close_open_sockets(
    bare: Workspace, make_workspace: MakeWorkspace
) -> None:
    other, kept = make_workspace(), make_workspace()
    with (
        Process("web", environment={"SOCKET_CHECK_SECONDS": "0.5"}) as strict,
        Chat(strict.socket_url, bare.publishable_key) as first,
        Chat(strict.socket_url, other.publishable_key) as second,
        Chat(strict.socket_url, kept.publishable_key) as third,
    ):
        with platform_context():
            key_id = APIKey.objects.get(plain=bare.publishable_key).pk
            Tenant.objects.filter(pk=other.tenant.id).update(status=Tenant.Status.SUSPENDED)
        revoke_key(tenant_id=bare.tenant.id, key_id=key_id)
        assert (first.close_code(5), second.close_code(5)) == (4401, 4401)
        third.send("ping")
        third.receive("pong")
        assert "Traceback" not in strict.log()


def test_who_reads_nothing_is_closed_and_may_resume(
    workspace: Workspace, fake: FakeOpenAI, model_environment: dict[str, str]
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    text = "0123456789abcdef " * 1_000_000
    fake.script({"match": question, "text": text, "chunks": 400, "delay": 0.01})
    # More than a socket's buffers hold, which is more than an answer usually may be.
    lengths = {"SOCKET_SEND_SECONDS": "1", "TURN_ANSWER_TOKENS": "2000000"}
    environment = {**model_environment, **lengths}
    with (
        Process("web", environment=environment) as web,
        Chat(web.socket_url, workspace.publishable_key) as lazy,
    ):
        lazy.ask(question)
        turn_id = lazy.receive("turn.started")["turn_id"]
        wait_for_turn(workspace, "completed")
        time.sleep(2.5)
        known = {name: lazy.ready[name] for name in ("visitor_token", "conversation_id")}
        seen = drain(lazy)
        assert seen
        assert "turn.completed" not in {frame["type"] for frame in seen}
        with Chat(web.socket_url, workspace.publishable_key, **known) as eager:
            eager.send("turn.resume", turn_id=turn_id, last_event_id=seen[-1]["event_id"])
            rest = eager.until_end()
        # What is stored, without blanks at its end, replaces a log that a busy machine wrote too slowly.
        assert text_of(seen + rest).rstrip() == text.rstrip()
        assert [line for line in web.log().splitlines() if "Traceback" in line] == []


def drain(chat: Chat) -> list[dict[str, Any]]:
    """What still lies in a socket that the server has closed."""
    frames = []
    while True:
        try:
            frames.append(chat.next(5))
        except ConnectionClosed:
            return frames
