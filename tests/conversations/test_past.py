"""A visitor's past conversations: their own, and nobody else's."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import create_chatbot
from conversations.models import Conversation, Message, Role
from core.ids import new_id
from tenants.context import tenant_context
from tenants.keys.api_keys import mint_publishable_key
from tenants.keys.visitor_tokens import read_visitor_token
from tests.conversations.client import ORIGIN, Chat
from tests.live import Process

MakeWorkspace = Callable[[], Workspace]
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def bare(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace()


@pytest.fixture
def chat(web: Process, bare: Workspace) -> Iterator[Chat]:
    with Chat(web.socket_url, bare.publishable_key) as client:
        yield client


def visitor_of(chat: Chat, workspace: Workspace) -> UUID:
    token = chat.ready["visitor_token"]
    return read_visitor_token(token, tenant_id=workspace.tenant.id, chatbot_id=workspace.chatbot_id)


def remember(
    workspace: Workspace, visitor_id: UUID, *titles: str, chatbot_id: UUID | None = None
) -> list[str]:
    """A conversation for each title, one a day; their ids."""
    made = []
    with tenant_context(workspace.tenant.id):
        for day, title in enumerate(titles):
            at = BEGAN + timedelta(days=day)
            conversation = Conversation.objects.create(
                chatbot_id=chatbot_id or workspace.chatbot_id,
                visitor_id=visitor_id,
                last_message_at=at,
            )
            made.append(str(conversation.pk))
            for text in (title, "A second question"):
                Message.objects.create(
                    id=new_id(),
                    conversation=conversation,
                    role=Role.VISITOR,
                    text=text,
                    created_at=at,
                )
    return made


def listed(chat: Chat, **about: Any) -> dict[str, Any]:
    chat.send("conversations.list", **about)
    return chat.receive("conversations.listed")


def test_the_latest_come_first_page_by_page(chat: Chat, bare: Workspace) -> None:
    titles = [f"Question {day}" for day in range(5)] + ["ü" * 300]
    made = remember(bare, visitor_of(chat, bare), *titles)
    page = listed(chat, limit=4)
    assert [one["conversation_id"] for one in page["conversations"]] == made[:1:-1]
    assert page["conversations"][0]["title"] == "ü" * 120
    assert page["conversations"][1] == {
        "conversation_id": made[4],
        "title": "Question 4",
        "last_message_at": "2026-03-05T12:00:00Z",
    }
    rest = listed(chat, limit=4, after=page["next_cursor"])
    assert [one["title"] for one in rest["conversations"]] == ["Question 1", "Question 0"]
    assert rest["next_cursor"] is None


def test_a_page_is_bounded_and_a_cursor_is_one(chat: Chat, bare: Workspace) -> None:
    remember(bare, visitor_of(chat, bare), *(f"Question {n}" for n in range(21)))
    page = listed(chat)
    assert len(page["conversations"]) == 20
    assert page["next_cursor"] is not None
    chat.send("conversations.list", after="nonsense")
    error = chat.receive("error")
    assert (error["code"], error["ref"]) == ("invalid_request", "conversations.list")
    chat.send("conversations.list", limit=21)
    assert chat.receive("error")["code"] == "bad_frame"
    assert chat.close_code() == 4400


def test_nobody_elses_are_listed(
    chat: Chat, web: Process, bare: Workspace, make_workspace: MakeWorkspace
) -> None:
    visitor_id = visitor_of(chat, bare)
    [own] = remember(bare, visitor_id, "My own")
    with tenant_context(bare.tenant.id):
        second = create_chatbot(name="Another", allowed_origins=[ORIGIN]).id
    other = make_workspace()
    foreign = [
        *remember(bare, uuid4(), "Another visitor's"),
        *remember(bare, visitor_id, "With another chatbot", chatbot_id=second),
        *remember(other, visitor_id, "Another tenant's"),
    ]
    page = listed(chat)
    assert [one["conversation_id"] for one in page["conversations"]] == [own]
    # Nor do they open, and what is not theirs looks like what is not there.
    start = {"visitor_token": chat.ready["visitor_token"]}
    for conversation_id in (*foreign, str(uuid4())):
        with Chat(web.socket_url) as stranger:
            stranger.send(
                "session.start", key=bare.publishable_key, conversation_id=conversation_id, **start
            )
            assert stranger.receive("error")["code"] == "not_found"
    with Chat(web.socket_url, bare.publishable_key, **start, conversation_id=own) as again:
        assert [one["text"] for one in again.ready["messages"]] == ["My own", "A second question"]
    with Chat(web.socket_url, other.publishable_key) as stranger:
        assert listed(stranger)["conversations"] == []
    key = mint_publishable_key(tenant_id=bare.tenant.id, chatbot_id=second)
    with Chat(web.socket_url, key) as stranger:
        assert listed(stranger)["conversations"] == []


def test_who_asks_on_and_on_is_told_to_wait(chat: Chat) -> None:
    for _ in range(10):
        listed(chat)
    chat.send("conversations.list")
    error = chat.receive("error", "conversations.listed")
    assert (error["code"], error["ref"]) == ("rate_limited", "conversations.list")
    assert error["retry_after"] > 0
