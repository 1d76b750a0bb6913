"""The pages of documents: uploads with and without a script, progress, passages, deleting."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import tenant_context
from tenants.schemas.provisioning import TenantRef
from tests.conversations.client import ingest
from tests.live import Process
from tests.pages import signed_in

NOTE = ("note.md", b"# Opening\n\nThe depot opens at six.\n", "text/markdown")
SCRIPT = {"HX-Request": "true"}


def documents(tenant: TenantRef) -> set[str]:
    with tenant_context(tenant.id):
        return set(Document.objects.values_list("filename", flat=True))


def test_several_files_are_taken_in_at_once(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant, "agent") as agent:
        other = ("other.txt", b"Another text.", "text/plain")
        answer = agent.post("/knowledge/upload", files=[("files", NOTE), ("files", other)])
        assert answer.status_code == 302
        page = agent.get("/knowledge").text
    assert "2 files were taken in." in page
    assert "2 of 50" in page
    assert documents(tenant) == {"note.md", "other.txt"}


def test_a_file_that_is_there_is_told_and_kept_once(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant, "agent") as agent:
        for _ in range(2):
            agent.post("/knowledge/upload", files=[("files", NOTE)])
        assert "note.md is there already." in agent.get("/knowledge").text
    assert documents(tenant) == {"note.md"}


def test_a_form_without_a_file_says_so_beside_the_field(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant) as owner:
        answer = owner.post("/knowledge/upload")
    assert answer.status_code == 400
    assert 'id="id_files_error"' in answer.text


def test_a_file_beyond_the_limit_is_refused_with_a_page(web: Process, tenant: TenantRef) -> None:
    huge = ("huge.txt", b"x" * 26_000_000, "text/plain")
    with signed_in(web, tenant) as owner:
        answer = owner.post("/knowledge/upload", files=[("files", huge)])
    assert answer.status_code == 413
    assert "larger than 25 MB" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert documents(tenant) == set()


def test_a_script_hears_what_became_of_its_file(
    web: Process, tenant: TenantRef, fill_shelf: Callable[[TenantRef], None]
) -> None:
    with signed_in(web, tenant) as owner:
        sent = owner.post("/knowledge/upload", files=[("files", NOTE)], headers=SCRIPT)
        assert sent.status_code == 204
        fill_shelf(tenant)
        more = ("more.txt", b"One too many.", "text/plain")
        refused = owner.post("/knowledge/upload", files=[("files", more)], headers=SCRIPT)
        assert refused.status_code == 429
        assert "keeps 50 documents" in refused.text
        # No form that could only fail.
        assert 'id="upload"' not in owner.get("/knowledge").text
    assert "more.txt" not in documents(tenant)


@pytest.fixture
def fill_shelf() -> Callable[[TenantRef], None]:
    def fill(tenant: TenantRef) -> None:
        with tenant_context(tenant.id):
            source = Document.objects.values_list("source_id", flat=True)[0]
            Document.objects.bulk_create(
                Document(
                    source_id=source,
                    filename=f"{number}.txt",
                    title=f"{number}.txt",
                    content_hash=uuid4().hex,
                    size=1,
                )
                for number in range(49)
            )

    return fill


def test_progress_is_told_until_all_is_read(web: Process, tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        # Unqueued, so that no worker of another test takes it.
        waiting, _ = create_document(filename="note.md", content=NOTE[1], queued=False)
    with signed_in(web, tenant) as owner:
        path = f"/knowledge/progress?id={waiting.id}"
        assert path in owner.get("/knowledge").text
        assert "Waiting" in owner.get(path).text
        with tenant_context(tenant.id):
            Document.objects.update(status="processing", stage="embedding", chunks_total=4)
        assert "0 of 4 passages" in owner.get(path).text
        with tenant_context(tenant.id):
            Document.objects.update(status="failed", error="The file is empty. Check it.")
        ended = owner.get(path)
        assert ended.status_code == 286
        assert "The file is empty. Check it." in ended.text
        assert "hx-trigger" not in owner.get("/knowledge").text


def test_passages_are_shown_with_their_place(web: Process, tenant: TenantRef) -> None:
    text = "# Depot\n\n" + "\n\n".join(f"## Gate {n}\n\nGate {n} opens at six." for n in range(40))
    ingest(tenant.id, "gates.md", text)
    with tenant_context(tenant.id):
        found = Document.objects.get()
    with signed_in(web, tenant, "viewer") as viewer:
        first = viewer.get(f"/knowledge/{found.pk}").text
        assert "Gate 0 opens at six." in first
        assert "hx-trigger" not in first
        later = viewer.get(f"/knowledge/{found.pk}?after=29").text
        assert "Gate 39 opens at six." in later
        assert "Gate 0 opens at six." not in later
        assert viewer.get(f"/knowledge/{found.pk}?after=x").status_code == 400


def test_deleting_takes_a_document_away_and_a_viewer_cannot(
    web: Process, tenant: TenantRef
) -> None:
    ingest(tenant.id, "note.md", "# Opening\n\nThe depot opens at six.\n")
    with tenant_context(tenant.id):
        pk = Document.objects.get().pk
    with signed_in(web, tenant, "viewer") as viewer:
        assert viewer.post(f"/knowledge/{pk}/delete").status_code == 403
        assert "Delete" not in viewer.get("/knowledge").text
        assert documents(tenant) == {"note.md"}
    with signed_in(web, tenant, "agent") as agent:
        assert agent.post(f"/knowledge/{pk}/delete").status_code == 302
        assert "Opening is deleted." in agent.get("/knowledge").text
    assert documents(tenant) == set()
