"""A member's preview is no visitor's: it counts nowhere, costs what it costs, and cannot be claimed."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from billing.models import QuotaPeriod, UsageRecord
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.history.listing import list_conversations
from conversations.history.overview import summarize
from conversations.history.unanswered import list_unanswered
from conversations.models import Chatbot, Conversation
from core.ids import new_id
from tenants.context import tenant_context
from tenants.keys.visitor_tokens import issue_preview_token
from tests.conversations.client import Chat
from tests.live import Process
from tests.pages import signed_in

QUESTION = "What is nowhere in the documents?"


def origin_of(workspace: Workspace) -> str:
    return f"http://{workspace.tenant.host}:8000"


def ask(web: Process, workspace: Workspace, **start: Any) -> tuple[dict[str, Any], UUID]:
    """(session.ready, the conversation) after one question."""
    about = {"origin": origin_of(workspace), "host": workspace.tenant.host, **start}
    with Chat(web.socket_url, workspace.publishable_key, **about) as chat:
        chat.answer(QUESTION)
        return chat.ready, UUID(chat.ready["conversation_id"])


def channel_of(workspace: Workspace, conversation_id: UUID) -> str:
    with tenant_context(workspace.tenant.id):
        return Conversation.objects.get(pk=conversation_id).channel


def messages_used(workspace: Workspace) -> int:
    with tenant_context(workspace.tenant.id):
        return sum(QuotaPeriod.objects.values_list("messages_used", flat=True))


def test_a_preview_counts_nowhere_and_is_metered(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get(f"/chatbots/{workspace.chatbot_id}").text
        token = re.search(r'data-token="([^"]+)"', page)
        assert token is not None
        ready, conversation_id = ask(web, workspace, visitor_token=token[1])
        # Not renewed: whoever has it has it for half a day.
        assert ready["visitor_token"] == token[1]
        assert channel_of(workspace, conversation_id) == "preview"
        assert f"/conversations/{conversation_id}" not in viewer.get("/conversations").text
        only = viewer.get("/conversations?channel=preview").text
        assert f"/conversations/{conversation_id}" in only
        assert "Nobody has asked yet" in viewer.get("/").text
    with tenant_context(workspace.tenant.id):
        assert list_conversations().conversations == ()
        assert list_unanswered() == ()
        assert (summarize().messages, summarize().conversations) == (0, 0)
        assert UsageRecord.objects.count() == 1
        period = QuotaPeriod.objects.get()
        assert (period.messages_used, period.messages_held) == (0, 0)
        assert period.cost_held == 0


def test_a_preview_goes_on_where_the_months_messages_are_spent(
    web: Process, workspace: Workspace
) -> None:
    ask(web, workspace)
    assert messages_used(workspace) == 1
    with tenant_context(workspace.tenant.id):
        QuotaPeriod.objects.update(messages_used=1_000_000)
    token = issue_preview_token(workspace.tenant.id, workspace.chatbot_id)
    ask(web, workspace, visitor_token=token)
    with Chat(web.socket_url, workspace.publishable_key, origin=origin_of(workspace)) as visitor:
        visitor.ask(QUESTION)
        refused = visitor.receive("error")
    assert refused["code"] == "message_quota_exceeded"
    assert messages_used(workspace) == 1_000_000


def forged(workspace: Workspace, **changes: Any) -> str:
    claims = {
        "aud": "visitor",
        "tid": workspace.tenant.id.hex,
        "chatbot": workspace.chatbot_id.hex,
        "sub": new_id().hex,
        "preview": True,
        "exp": datetime.now(UTC) + timedelta(hours=1),
        **changes,
    }
    return jwt.encode(claims, b"k" * 32, algorithm="HS256")


def test_nobody_claims_a_preview(web: Process, workspace: Workspace) -> None:
    other = create_workspace(slug=f"o{new_id().hex[:16]}", name="Other")
    foreign = issue_preview_token(other.tenant.id, other.chatbot_id)
    sibling = issue_preview_token(workspace.tenant.id, other.chatbot_id)
    for token in (forged(workspace), foreign, sibling):
        with Chat(web.socket_url, origin=origin_of(workspace)) as chat:
            chat.send("session.start", key=workspace.publishable_key, visitor_token=token)
            assert chat.receive("error")["code"] == "unauthenticated"
    ready, conversation_id = ask(web, workspace)
    # An ordinary token says nothing of a preview, whatever is sent beside it.
    claims = jwt.decode(ready["visitor_token"], options={"verify_signature": False})
    assert "preview" not in claims
    assert channel_of(workspace, conversation_id) == "widget"
    assert messages_used(workspace) == 1


def test_a_previews_token_on_another_page_is_a_visitors(web: Process, workspace: Workspace) -> None:
    """Who puts it into a page of their own gives their visitors no chat that counts for nothing."""
    shop = "https://shop.example"
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(allowed_origins=[origin_of(workspace), shop])
    for number, elsewhere in enumerate([{"origin": shop}, {"host": "127.0.0.1"}], 1):
        token = issue_preview_token(workspace.tenant.id, workspace.chatbot_id)
        _, conversation_id = ask(web, workspace, visitor_token=token, **elsewhere)
        assert channel_of(workspace, conversation_id) == "widget"
        assert messages_used(workspace) == number


@pytest.mark.parametrize("member", ["preview", "channel"])
def test_a_visitors_word_for_it_is_refused_or_counted(
    web: Process, workspace: Workspace, member: str
) -> None:
    with Chat(web.socket_url, origin=origin_of(workspace)) as chat:
        chat.send("session.start", key=workspace.publishable_key, **{member: "preview"})
        if chat.next()["type"] == "session.ready":
            chat.answer(QUESTION)
            assert messages_used(workspace) == 1
    with tenant_context(workspace.tenant.id):
        assert not Conversation.objects.filter(channel="preview").exists()


def test_a_previews_visitor_is_counted_by_every_other_way_in(
    web: Process, workspace: Workspace
) -> None:
    token = issue_preview_token(workspace.tenant.id, workspace.chatbot_id)
    _, conversation_id = ask(web, workspace, visitor_token=token)
    assert messages_used(workspace) == 0
    answer = httpx.post(
        f"{web.url}/v1/chatbots/{workspace.chatbot_id}/turns",
        headers={
            "Authorization": f"Bearer {workspace.publishable_key}",
            "Origin": origin_of(workspace),
            "Host": f"{workspace.tenant.host}:8000",
        },
        json={
            "text": QUESTION,
            "client_turn_id": "a",
            "visitor_token": token,
            "conversation_id": str(conversation_id),
        },
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert messages_used(workspace) == 1
    # The ordinary token that it gives leads into the preview's conversation as a visitor's.
    ask(
        web,
        workspace,
        visitor_token=answer.headers["X-Visitor-Token"],
        conversation_id=str(conversation_id),
    )
    assert messages_used(workspace) == 2
