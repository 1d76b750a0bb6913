"""A failed turn that is asked again: the question stands in the conversation once."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from conversations.chatbots.onboarding import Workspace
from conversations.models import Message, Turn
from tenants.context import tenant_context
from tests.conversations.client import Chat, kinds_of
from tests.fake_openai import FakeOpenAI
from tests.live import Process


def ask_again(chat: Chat, text: str, turn_id: str) -> list[dict[str, Any]]:
    chat.send("turn.create", client_turn_id=uuid4().hex, text=text, retry_of=turn_id)
    return chat.until_end()


def said(workspace: Workspace) -> list[tuple[str, str]]:
    with tenant_context(workspace.tenant.id):
        return list(Message.objects.order_by("created_at", "id").values_list("role", "text"))


def test_the_question_is_there_once_for_people_and_for_the_model(
    chat: Chat, model_web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "one two three four", "eof_at": 2})
    failed = chat.answer(question)
    assert failed[-1]["type"] == "turn.failed"
    assert [role for role, _ in said(workspace)] == ["visitor", "assistant"]
    answered = ask_again(chat, question, failed[0]["turn_id"])
    assert answered[-1]["type"] == "turn.completed"
    [first, second] = said(workspace)
    assert first == ("visitor", question)
    assert "48213" in second[1]
    asked = fake.log(question)[-1]["body"]["messages"]
    assert [message["role"] for message in asked] == ["system", "user"]
    start = {
        "visitor_token": chat.ready["visitor_token"],
        "conversation_id": chat.ready["conversation_id"],
    }
    with Chat(model_web.socket_url, workspace.publishable_key, **start) as later:
        shown = later.ready["messages"]
    assert [message["turn_id"] for message in shown] == [answered[0]["turn_id"]] * 2
    with tenant_context(workspace.tenant.id):
        turns = dict(Turn.objects.values_list("status", "answered"))
    assert turns == {"interrupted": None, "completed": True}


def test_an_answered_or_another_question_stays(chat: Chat, workspace: Workspace) -> None:
    question = f"What is the access code? {uuid4().hex}"
    first = chat.answer(question)
    ask_again(chat, question, first[0]["turn_id"])
    assert [role for role, _ in said(workspace)] == ["visitor", "assistant"] * 2


def test_a_failed_turn_with_another_text_stays(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "one two", "eof_at": 1})
    failed = chat.answer(question)
    ask_again(chat, "When do deliveries arrive?", failed[0]["turn_id"])
    assert said(workspace)[0] == ("visitor", question)


def test_nobody_withdraws_what_another_visitor_asked(
    chat: Chat,
    model_web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    make_workspace: Callable[[], Workspace],
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "one two", "eof_at": 1})
    failed = chat.answer(question)
    for stranger in (workspace, make_workspace()):
        with Chat(model_web.socket_url, stranger.publishable_key) as other:
            answered = ask_again(other, question, failed[0]["turn_id"])
            assert kinds_of(answered)[-1] == "turn.completed"
    assert said(workspace)[0] == ("visitor", question)
    with tenant_context(workspace.tenant.id):
        assert Message.objects.filter(turn_id=failed[0]["turn_id"]).count() == 2


def test_a_refused_retry_takes_nothing(chat: Chat, workspace: Workspace, fake: FakeOpenAI) -> None:
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "one two", "eof_at": 1, "times": -1})
    turn_id, refused = None, False
    # The free plan's minute is over at some point.
    while not refused:
        chat.send("turn.create", client_turn_id=uuid4().hex, text=question, retry_of=turn_id)
        frame = chat.next()
        refused = frame["type"] == "error"
        if not refused:
            turn_id = chat.until_end()[-1]["turn_id"]
    assert frame["code"] == "rate_limited"
    assert said(workspace)[0] == ("visitor", question)
    assert [role for role, _ in said(workspace)] == ["visitor", "assistant"]
