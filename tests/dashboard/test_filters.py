"""Conversations found by all filters together, and what visitors asked in vain."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from conversations.chatbots.onboarding import Workspace
from conversations.history.filters import ConversationFilter
from conversations.history.listing import find_obstacles, list_wanted
from conversations.history.unanswered import list_unanswered
from conversations.models import Channel, Conversation, Feedback, Message, Role, Turn
from core.ids import new_id
from tenants.context import tenant_context
from tests.dashboard.crowd import fill
from tests.live import Process
from tests.pages import signed_in


def said(
    workspace: Workspace,
    question: str,
    *,
    days_ago: int = 0,
    channel: str = Channel.WIDGET,
    status: str = "completed",
    answered: bool | None = False,
    thumb: str = "",
    comment: str = "",
) -> UUID:
    """A conversation of one question; its id."""
    at = timezone.now() - timedelta(days=days_ago)
    with tenant_context(workspace.tenant.id):
        conversation = Conversation.objects.create(
            chatbot_id=workspace.chatbot_id,
            visitor_id=new_id(),
            channel=channel,
            last_message_at=at,
        )
        turn = Turn.objects.create(
            conversation=conversation,
            client_turn_id="t",
            status=status,
            owner="test",
            lease_until=at,
            started_at=at,
            answered=answered,
        )
        common = {"conversation": conversation, "turn": turn, "created_at": at}
        Message.objects.create(role=Role.VISITOR, text=question, **common)
        reply = Message.objects.create(role=Role.ASSISTANT, text="So it is.", **common)
        if thumb:
            Feedback.objects.create(message=reply, value=thumb, comment=comment)
    return conversation.pk


def found(workspace: Workspace, **wanted: object) -> list[UUID]:
    with tenant_context(workspace.tenant.id):
        rows = list_wanted(ConversationFilter(**wanted)).conversations  # type: ignore[arg-type]
    return [row.id for row in rows]


def test_filters_are_combined(workspace: Workspace) -> None:
    now = datetime.now(UTC).date()
    old = said(workspace, "Old?", days_ago=9, answered=True, thumb="up")
    failed = said(workspace, "Failed?", days_ago=5, status="failed", channel=Channel.API)
    liked = said(workspace, "Liked?", days_ago=2, answered=True, thumb="up", comment="Fine")
    cursed = said(workspace, "Cursed?", days_ago=1, thumb="down", comment="Wrong")
    preview = said(workspace, "Preview?", channel=Channel.PREVIEW)
    assert found(workspace) == [cursed, liked, failed, old]
    assert found(workspace, channel="preview") == [preview]
    assert found(workspace, channel="api") == [failed]
    assert found(workspace, failed=True) == [failed]
    assert found(workspace, commented=True) == [cursed, liked]
    assert found(workspace, commented=True, feedback="down") == [cursed]
    assert found(workspace, since=now - timedelta(days=2)) == [cursed, liked]
    # Both ends are included.
    assert found(workspace, until=now - timedelta(days=5)) == [failed, old]
    days = {"since": now - timedelta(days=5), "until": now - timedelta(days=2)}
    assert found(workspace, **days) == [liked, failed]
    assert found(workspace, **days, answered=True, feedback="up") == [liked]


def test_the_page_keeps_filters_and_says_which_to_loosen(
    web: Process, workspace: Workspace
) -> None:
    fill(workspace.tenant.id, conversations=60)
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get("/conversations?channel=widget&answered=yes&since=2020-01-01").text
        following = re.search(r'rel="next" href="([^"]+)"', page)
        assert following is not None
        for kept in ("channel=widget", "answered=yes", "since=2020-01-01"):
            assert kept in following[1]
        assert 'value="2020-01-01"' in page
        empty = viewer.get("/conversations?q=c17&answered=failed&channel=completions").text
        assert "taking one filter away is not enough" in empty
        empty = viewer.get("/conversations?q=c17&channel=completions").text
        assert "There are some without one of these" in empty
        assert 'href="/conversations?q=c17">Channel</a>' in empty
        assert 'href="/conversations?channel=completions">Search</a>' not in empty
        assert viewer.get("/conversations?since=tomorrow").status_code == 400


def test_obstacles_are_the_filters_that_are_in_the_way(workspace: Workspace) -> None:
    said(workspace, "Where is it?", answered=False)
    wanted = ConversationFilter(answered=True, channel="widget")
    with tenant_context(workspace.tenant.id):
        assert find_obstacles(wanted) == ("answered",)
        assert find_obstacles(ConversationFilter(answered=False, channel="api")) == ("channel",)


def test_a_list_of_many_is_read_by_its_indexes(workspace: Workspace) -> None:
    fill(workspace.tenant.id, conversations=20_000)
    pages = (
        ConversationFilter(),
        ConversationFilter(answered=False, feedback="down"),
        ConversationFilter(failed=True, channel="api"),
        ConversationFilter(commented=True),
        ConversationFilter(since=datetime.now(UTC).date(), channel="preview"),
    )
    with tenant_context(workspace.tenant.id), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '400ms'")
        try:
            for wanted in pages:
                assert len(list_wanted(wanted).conversations) <= 20
            assert len(list_unanswered()) == 8
        finally:
            cursor.execute("RESET statement_timeout")


def test_what_was_asked_in_vain_is_grouped_and_leads_to_its_place(
    web: Process, workspace: Workspace
) -> None:
    said(workspace, "Do you ship  to Malta?", days_ago=3)
    latest = said(workspace, "do you ship to malta", days_ago=1)
    said(workspace, "Broken?", days_ago=2, status="interrupted", answered=None)
    said(workspace, "Known?", answered=True)
    said(workspace, "Just looking?", channel=Channel.PREVIEW)
    said(workspace, "Long ago?", days_ago=40)
    with tenant_context(workspace.tenant.id):
        asked = list_unanswered()
        turn = Turn.objects.get(conversation_id=latest)
    assert [(each.text, each.times) for each in asked] == [
        ("do you ship to malta", 2),
        ("Broken?", 1),
    ]
    place = f"/conversations/{latest}#turn-{turn.pk.hex}"
    with signed_in(web, workspace.tenant, "agent") as agent:
        page = agent.get("/").text
        assert place in page and "asked 2 times" in page
        assert page.count("Add a document</a>") == 2
        assert f'id="turn-{turn.pk.hex}"' in agent.get(f"/conversations/{latest}").text
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        assert "Add a document</a>" not in viewer.get("/").text
