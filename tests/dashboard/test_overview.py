"""The first page: numbers, the chart, and the checklist that goes away."""

from uuid import uuid4

from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.sightings import note_sighting
from tenants.context import tenant_context
from tests.conversations.client import ingest
from tests.dashboard.crowd import fill
from tests.live import Process
from tests.pages import make_member, signed_in


def test_the_checklist_leads_through_and_goes_away(web: Process, workspace: Workspace) -> None:
    tenant = workspace.tenant
    with signed_in(web, tenant) as owner:
        page = owner.get("/").text
        assert page.count('class="done"') == 0
        assert "Add your first document" in page
        assert "Nobody has asked yet" not in page
        ingest(tenant.id, "note.md", "# Opening\n\nThe depot opens at six.\n")
        page = owner.get("/").text
        assert page.count('class="done"') == 1
        assert "Nobody has asked yet" in page
        fill(tenant.id, conversations=3)
        assert owner.get("/").text.count('class="done"') == 2
        _see(workspace, f"http://{tenant.host}:8000")
        assert owner.get("/").text.count('class="done"') == 2
        _see(workspace, "https://www.example.com")
        assert owner.get("/").text.count('class="done"') == 3
        make_member(tenant, "viewer")
        assert "Set up your chatbot" not in owner.get("/").text


def _see(workspace: Workspace, origin: str) -> None:
    with tenant_context(workspace.tenant.id):
        note_sighting(chatbot_id=workspace.chatbot_id, origin=origin)


def test_numbers_stand_beside_the_chart_of_them(web: Process, workspace: Workspace) -> None:
    fill(workspace.tenant.id, conversations=18)
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get("/").text
    assert "18 questions" in page
    assert "2 not answered" in page
    assert page.count('class="series-') >= 2
    assert page.count('<th scope="row"') == 30


def test_a_stranger_is_sent_to_the_log_in_and_back(web: Process, workspace: Workspace) -> None:
    with signed_in(web, workspace.tenant) as owner:
        owner.post("/logout")
        answer = owner.get(f"/conversations/{uuid4()}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/login?next=/conversations/")
