"""Hostile text on the dashboard: what visitors, files, names and models say is never more than text."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.models import Chatbot, Citation, Conversation, Feedback, Message, Turn
from knowledge.models import Chunk, Document
from tenants.context import tenant_context
from tenants.people.accounts import rename
from tests.browser.conftest import beside
from tests.browser.payloads import PAYLOADS
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.conversations.client import ingest
from tests.live import Process
from tests.pages import Person, make_member, user_of

# PostgreSQL stores no NUL, so no service lets one in.
TEXTS = [text.replace("\0", "") for text in PAYLOADS]
ALL = "\n".join(TEXTS)
# Names are short: each is a payload that would end the attribute or the script it stood in.
NAME = "\"'></title></script><img src=x onerror=alert(1)><script>alert(1)</script>"


def _conversation(chatbot_id: UUID, document_id: UUID) -> tuple[UUID, UUID]:
    now = timezone.now()
    conversation = Conversation.objects.create(
        chatbot_id=chatbot_id, visitor_id=uuid4(), external_user=NAME, last_message_at=now
    )
    turn = Turn.objects.create(
        conversation=conversation,
        client_turn_id="x",
        status="completed",
        owner="test",
        lease_until=now,
        started_at=now,
        ended_at=now + timedelta(seconds=1),
        model=NAME,
        error_code="x",
        answered=True,
        trace={
            "query": ALL,
            "total_ms": 5,
            "prompt": [{"role": "system", "content": ALL}, {"role": "user", "content": ALL}],
            "passages": [
                {
                    "n": 1,
                    "document_id": str(document_id),
                    "score": 1.0,
                    "similarity": 1.0,
                    "coverage": 1.0,
                }
            ],
        },
    )
    said = {"conversation": conversation, "turn": turn, "text": ALL, "created_at": now}
    Message.objects.create(role="visitor", **said)
    reply = Message.objects.create(role="assistant", **said)
    Citation.objects.create(message=reply, n=1, document_id=document_id, title=NAME, quote=ALL)
    Feedback.objects.create(message=reply, value="down", comment=ALL)
    return conversation.pk, turn.pk


def _hostile() -> tuple[Workspace, Person, list[str]]:
    made = create_workspace(slug=f"w{uuid4().hex[:16]}", name=NAME)
    person = make_member(made.tenant, "owner")
    rename(user=user_of(person), name=NAME)
    document = ingest(made.tenant.id, "note.md", "# Opening\n\nThe depot opens at six.\n")
    with tenant_context(made.tenant.id):
        Document.objects.update(title=NAME, filename=NAME, error=ALL[:500])
        Chunk.objects.update(text=ALL, heading_path=NAME)
        Chatbot.objects.update(
            name=NAME, welcome=ALL, instructions=ALL, suggested_questions=TEXTS[:6]
        )
        conversation, turn = _conversation(made.chatbot_id, document)
    return made, person, [
        "/",
        "/conversations",
        f"/conversations?q={NAME}",
        f"/conversations/{conversation}",
        f"/conversations/{conversation}/turns/{turn}",
        "/knowledge",
        f"/knowledge/{document}",
        "/chatbots",
        f"/chatbots/{made.chatbot_id}",
        f"/chatbots/{made.chatbot_id}/install",
        "/members",
    ]  # fmt: skip


def test_no_text_becomes_more_than_text(web: Process, watch: Callable[..., Watched]) -> None:
    made, person, paths = beside(_hostile)
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch()
    log_in(watched, base, person)
    for path in paths:
        watched.page.goto(base + path)
        # Whatever opens shows what it has.
        watched.page.evaluate(
            "document.querySelectorAll('details').forEach((each) => (each.open = true))"
        )
        watched.page.wait_for_timeout(100)
        assert "alert(1)" in watched.page.inner_text("body"), path
        assert watched.page.evaluate("ran") == [], path
        assert watched.violations() == [], path
        assert watched.page.locator("img, iframe, object, [onerror], [onload]").count() == 0, path
    assert watched.origins == {base}
