"""What was said: finding it, reading it, why an answer is what it is, deleting it."""

import re
from uuid import uuid4

import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation
from tenants.context import tenant_context
from tests.conversations.client import Chat, ingest
from tests.dashboard.crowd import fill
from tests.live import Process
from tests.pages import signed_in


def conversations(workspace: Workspace) -> int:
    with tenant_context(workspace.tenant.id):
        return Conversation.objects.count()


def test_the_list_is_searched_filtered_and_goes_on(web: Process, workspace: Workspace) -> None:
    fill(workspace.tenant.id, conversations=60)
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        first = viewer.get("/conversations").text
        assert first.count("<tr>") == 26
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following is not None
        second = viewer.get(following[1].replace("&amp;", "&")).text
        assert second.count("<tr>") == 26
        assert set(_links(first)).isdisjoint(_links(second))
        assert len(_links(viewer.get("/conversations?q=c17").text)) == 1
        assert len(_links(viewer.get("/conversations?answered=no").text)) == 6
        assert "Nothing was found" in viewer.get("/conversations?q=zebra").text
        for bad in ("after=x", "chatbot=x"):
            assert viewer.get(f"/conversations?{bad}").status_code == 400


def _links(page: str) -> list[str]:
    return re.findall(r'href="/conversations/([0-9a-f-]{36})"', page)


def test_a_fresh_workspace_is_told_the_next_step(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant) as owner:
        page = owner.get("/conversations").text
    assert "No conversations yet" in page
    assert 'href="/install"' in page


def test_an_answer_is_read_with_its_sources_and_explained(
    web: Process, workspace: Workspace
) -> None:
    ingest(workspace.tenant.id, "gate.md", "# Gate\n\nThe access code of the depot is 48213.\n")
    with Chat(web.socket_url, origin=f"http://{workspace.tenant.host}:8000") as visitor:
        visitor.start(workspace.publishable_key)
        visitor.answer("What is the access code of the depot?")
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        [link] = _links(viewer.get("/conversations").text)
        page = viewer.get(f"/conversations/{link}").text
        assert "What is the access code of the depot?" in page
        assert "48213" in page
        why = re.search(rf'href="(/conversations/{link}/turns/[0-9a-f-]+)"', page)
        assert why is not None
        explained = viewer.get(why[1]).text
        for part in ("Passages it was given", "Cited", "Where the time went", "offline", "48213"):
            assert part in explained
        elsewhere = why[1].replace(link, str(uuid4()))
        assert viewer.get(elsewhere).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("agent", 302)])
def test_deleting_is_for_agents(web: Process, workspace: Workspace, role: str, status: int) -> None:
    fill(workspace.tenant.id, conversations=2)
    with signed_in(web, workspace.tenant, role) as member:  # type: ignore[arg-type]
        [link, _] = _links(member.get("/conversations").text)
        shown = "Delete this conversation?" in member.get(f"/conversations/{link}").text
        answer = member.post(f"/conversations/{link}/delete")
    assert shown == (status == 302)
    assert answer.status_code == status
    assert conversations(workspace) == (1 if status == 302 else 2)
