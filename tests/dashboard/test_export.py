"""Conversations taken away as a file: whole, filtered as the list is, and by nobody else."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.history.export import PART, ExportedMessage, Place, read_part
from conversations.history.filters import ConversationFilter
from conversations.models import Citation, Conversation, Message, Role
from core.ids import new_id
from tenants.context import tenant_context
from tenants.workspace.models import AuditEvent
from tests.dashboard.crowd import fill
from tests.dashboard.test_filters import said
from tests.live import Process
from tests.pages import PageClient, signed_in

PATH = "/conversations/export"
COLUMNS = [
    *("conversation_id", "channel", "chatbot", "external_user", "message_id", "time", "role"),
    *("text", "status", "sources", "thumb", "comment"),
]


def export(client: PageClient, query: str = "", form: str = "csv") -> httpx.Response:
    answer = client.post(PATH + query, {"format": form})
    assert answer.status_code == 200, answer.text
    return answer


def table(client: PageClient, query: str = "") -> list[dict[str, str]]:
    text = export(client, query).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lines(client: PageClient, query: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(client, query, "jsonl").text.splitlines()]


def events(workspace: Workspace) -> list[dict[str, Any]]:
    with tenant_context(workspace.tenant.id):
        found = AuditEvent.objects.filter(action="conversation.exported").order_by("id")
        return [dict(event) for event in found.values()]


def cite(workspace: Workspace, conversation_id: UUID) -> None:
    with tenant_context(workspace.tenant.id):
        reply = Message.objects.get(conversation_id=conversation_id, role=Role.ASSISTANT)
        url = "https://shop.example.org/help"
        for marker, n, where in ((3, 1, None), (9, 2, url), (14, 1, None)):
            Citation.objects.create(
                message=reply,
                n=n,
                marker=marker,
                document_id=uuid4(),
                title="Handbook" if n == 1 else "Hilfe",
                url=where,
                page=3 if n == 1 else None,
                quote="So it is.",
            )


def test_each_message_is_a_row_with_all_that_is_known(web: Process, workspace: Workspace) -> None:
    asked = said(workspace, "Größe?\nund „mehr“, bitte", thumb="down", comment="falsch\nganz")
    cite(workspace, asked)
    with tenant_context(workspace.tenant.id):
        Conversation.objects.filter(pk=asked).update(external_user="c-17")
        reply_id = Message.objects.get(conversation_id=asked, role=Role.ASSISTANT).pk
    with signed_in(web, workspace.tenant, "admin") as admin:
        answer = export(admin)
        rows, objects = table(admin), lines(admin)
    assert answer.content.startswith(b'\xef\xbb\xbf"conversation_id"')
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    today = f"{timezone.now():%Y-%m-%d}"
    assert f'filename="conversations-{today}.csv"' in answer.headers["content-disposition"]
    question, reply = rows
    assert list(reply) == COLUMNS
    assert question["text"] == "Größe?\nund „mehr“, bitte"
    moment = datetime.fromisoformat(reply.pop("time"))
    assert moment.utcoffset() == UTC.utcoffset(None)
    assert reply == {
        "conversation_id": str(asked),
        "channel": "widget",
        "chatbot": "Assistant",
        "external_user": "c-17",
        "message_id": str(reply_id),
        "role": "assistant",
        "text": "So it is.",
        "status": "completed",
        "sources": "[1] Handbook, page 3; [2] Hilfe, https://shop.example.org/help",
        "thumb": "down",
        "comment": "falsch\nganz",
    }
    assert [each["text"] for each in objects] == [question["text"], "So it is."]
    assert list(objects[1]) == COLUMNS
    assert objects[1]["sources"] == [
        {"n": 1, "title": "Handbook", "page": 3, "url": None},
        {"n": 2, "title": "Hilfe", "page": None, "url": "https://shop.example.org/help"},
    ]
    assert (objects[0]["sources"], objects[0]["thumb"]) == ([], "")


def test_it_has_what_the_lists_filters_find(web: Process, workspace: Workspace) -> None:
    liked = said(workspace, "Liked?", answered=True, thumb="up", days_ago=3)
    failed = said(workspace, "Failed?", status="failed", channel="api")
    preview = said(workspace, "Preview?", channel="preview")
    with signed_in(web, workspace.tenant) as owner:
        found = {
            query: {row["conversation_id"] for row in table(owner, query)}
            for query in ("", "?channel=preview", "?answered=failed", "?feedback=up", "?q=liked")
        }
        since, today = "2020-01-01", f"{timezone.now():%Y-%m-%d}"
        dated = export(owner, f"?since={since}&until={today}", "jsonl")
        page = owner.get("/conversations?q=liked&answered=yes&after=").text
    assert found == {
        "": {str(liked), str(failed)},
        "?channel=preview": {str(preview)},
        "?answered=failed": {str(failed)},
        "?feedback=up": {str(liked)},
        "?q=liked": {str(liked)},
    }
    name = f'filename="conversations-{since}-{today}.jsonl"'
    assert name in dated.headers["content-disposition"]
    assert f'action="{PATH}?q=liked&amp;answered=yes"' in page


def test_no_cell_is_a_formula_and_json_is_as_it_was_said(
    web: Process, workspace: Workspace
) -> None:
    bad = '=HYPERLINK("https://x.example")'
    said(workspace, bad, thumb="down", comment="+1;=2")
    with signed_in(web, workspace.tenant) as owner:
        rows, objects = table(owner), lines(owner)
    assert rows[0]["text"] == f"'{bad}"
    assert rows[1]["comment"] == "'+1;'=2"
    assert (objects[0]["text"], objects[1]["comment"]) == (bad, "+1;=2")


def test_admins_and_owners_alone_export_and_only_their_own(
    web: Process, workspace: Workspace
) -> None:
    other = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Other")
    said(other, "Foreign?")
    own = said(workspace, "Own?")
    for role in ("viewer", "agent"):
        with signed_in(web, workspace.tenant, role) as reader:
            answer = reader.post(PATH, {"format": "csv"})
            assert answer.status_code == 403
            assert "Own?" not in answer.text
            assert PATH not in reader.get("/conversations").text
    with signed_in(web, workspace.tenant, "admin") as admin:
        assert {row["conversation_id"] for row in table(admin)} == {str(own)}
        assert table(admin, f"?chatbot={other.chatbot_id}") == []
        assert admin.get(PATH).status_code == 405
        assert admin.post(PATH, {"format": "xlsx"}).status_code == 400
        assert admin.post(f"{PATH}?since=tomorrow", {"format": "csv"}).status_code == 400
    with PageClient(web, workspace.tenant.host) as stranger:
        answer = stranger.post(f"{PATH}?q=own", {"format": "csv"})
    assert answer.headers["location"] == "/login?next=/conversations%3Fq%3Down"
    assert len(events(workspace)) == 2
    assert events(other) == []


def test_the_trail_says_who_took_what(web: Process, workspace: Workspace) -> None:
    said(workspace, "Own?")
    query = f"?q=own&since=2026-01-02&answered=no&chatbot={workspace.chatbot_id}"
    with signed_in(web, workspace.tenant) as owner:
        export(owner, query, "jsonl")
        page = owner.get("/audit?kind=conversation").text
    (event,) = events(workspace)
    assert event["target_name"] == "Assistant"
    assert event["actor_kind"] == "member"
    assert event["data"]["changes"] == {
        "format": ["", "jsonl"],
        "search": ["", "own"],
        "since": ["", "2026-01-02"],
        "answered": ["", "False"],
    }
    assert "Exported conversations" in page


def test_it_is_bounded_by_the_hour(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant) as owner:
        answers = [owner.post(PATH, {"format": "csv"}) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {200}
    assert answers[20].status_code == 429
    assert "20 times an hour" in answers[20].text
    assert int(answers[20].headers["retry-after"]) > 0
    assert len(events(workspace)) == 20


def test_twenty_thousand_messages_are_whole_and_read_in_parts(
    web: Process, workspace: Workspace
) -> None:
    fill(workspace.tenant.id, conversations=10_200)
    with tenant_context(workspace.tenant.id):
        count = Message.objects.count()
    assert count > 20_000 - PART
    with signed_in(web, workspace.tenant) as owner:
        rows = table(owner)
    assert len({row["message_id"] for row in rows}) == len(rows) == count
    roles = re.findall(r"visitor|assistant", " ".join(row["role"] for row in rows[:4]))
    assert roles == ["visitor", "assistant"] * 2
    with tenant_context(workspace.tenant.id), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1s'")
        try:
            _read_through(ConversationFilter(), count)
            _read_through(ConversationFilter(search="shop open"), count)
        finally:
            cursor.execute("RESET statement_timeout")


def _read_through(wanted: ConversationFilter, count: int) -> None:
    place: Place | None = Place()
    read = 0
    while place is not None:
        with CaptureQueriesContext(connection) as queries:
            part = read_part(wanted, place)
        assert len(queries) <= 2
        assert len(part.messages) <= PART
        read, place = read + len(part.messages), part.following
    assert read == count


def test_a_long_conversation_goes_over_several_parts(workspace: Workspace) -> None:
    first, long, last = (said(workspace, f"{n}?") for n in range(3))
    with tenant_context(workspace.tenant.id):
        at = timezone.now()
        Message.objects.bulk_create(
            # All of one moment: what is told already is known by the id, too.
            Message(id=new_id(), conversation_id=long, role=Role.AGENT, text=str(n), created_at=at)
            for n in range(2 * PART)
        )
        told: list[ExportedMessage] = []
        place: Place | None = Place()
        while place is not None:
            part = read_part(ConversationFilter(), place)
            told += part.messages
            place = part.following
    assert len({each.message_id for each in told}) == len(told) == 2 * PART + 6
    order = [each.conversation_id for each in told]
    assert order == [last] * 2 + [long] * (2 * PART + 2) + [first] * 2
