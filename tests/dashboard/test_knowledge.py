"""The pages of documents: uploads with and without a script, progress, passages, deleting."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import QuotaExceeded
from knowledge import storage
from knowledge.document_list import document_usage
from knowledge.models import Document
from knowledge.services import create_document, replace_document, retry_document
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.conversations.client import ingest
from tests.live import Process
from tests.pages import PageClient, signed_in

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


def make_failed(tenant: TenantRef, name: str = "note.md", content: bytes = NOTE[1]) -> UUID:
    with tenant_context(tenant.id):
        # Unqueued, so that no worker of another test takes it.
        made, _ = create_document(filename=name, content=content, queued=False)
        Document.objects.filter(pk=made.id).update(status="failed", error="It was lost.")
    return made.id


def waits_for(tenant: TenantRef, document_id: UUID) -> int:
    """How many tickets there are to read this document."""
    with platform_context():
        tickets = WorkTicket.objects.filter(tenant_id=tenant.id, kind="ingest_document")
        return tickets.filter(payload__document_id=str(document_id)).count()


def events(tenant: TenantRef, action: str) -> list[str]:
    with tenant_context(tenant.id):
        return list(AuditEvent.objects.filter(action=action).values_list("target", flat=True))


def test_the_list_is_searched_by_name_and_filtered_by_state(
    web: Process, tenant: TenantRef
) -> None:
    make_failed(tenant, "Gate hours.md", b"One.")
    make_failed(tenant, "Prices.md", b"Two.")
    with tenant_context(tenant.id):
        Document.objects.filter(filename="Prices.md").update(status="ready", title="What it costs")
    with signed_in(web, tenant, "viewer") as viewer:
        for query, found in (
            ("q=gate", {"Gate hours.md"}),
            ("q=prices.MD", {"What it costs"}),
            ("q=%25", set()),
            ("state=failed", {"Gate hours.md"}),
            ("state=ready", {"What it costs"}),
            ("state=reading", set()),
            ("state=ready&q=gate", set()),
            ("state=nonsense", {"Gate hours.md", "What it costs"}),
        ):
            page = viewer.get(f"/knowledge?{query}").text
            titles = set(re.findall(r'<a class="title[^>]*><bdi>(.*?)</bdi>', page))
            assert titles == found, query
            assert ("Nothing was found" in page) == (not found)


def test_a_list_of_what_was_searched_goes_on_with_the_search(
    web: Process, tenant: TenantRef, fill_shelf: Callable[[TenantRef], None]
) -> None:
    make_failed(tenant)
    fill_shelf(tenant)
    make_failed(tenant, "last.md", b"The last one.")
    with signed_in(web, tenant) as owner:
        page = owner.get("/knowledge?q=.").text
        following = unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])
        assert "q=." in following
        second = owner.get(following).text
    assert "last.md" in page
    assert "last.md" not in second
    assert "note.md" in second


def test_a_failed_file_is_read_again_where_it_is_kept(web: Process, tenant: TenantRef) -> None:
    failed = make_failed(tenant)
    retry = f"/knowledge/{failed}/retry"
    with signed_in(web, tenant, "viewer") as viewer:
        assert retry not in viewer.get("/knowledge").text
        assert viewer.post(retry).status_code == 403
    assert waits_for(tenant, failed) == 0
    with signed_in(web, tenant, "agent") as agent:
        assert retry in agent.get("/knowledge").text
        assert agent.post(retry).status_code == 302
        # A second click makes no second ticket.
        agent.post(retry)
        assert waits_for(tenant, failed) == 1
        assert events(tenant, "document.retried") == [str(failed)]
        gone = make_failed(tenant, "gone.md", b"It goes.")
        with tenant_context(tenant.id):
            storage.discard(Document.objects.get(pk=gone).path)
        assert f"/knowledge/{gone}/retry" not in agent.get("/knowledge").text
        agent.post(f"/knowledge/{gone}/retry")
        assert "Upload it again." in agent.get("/knowledge").text
    assert waits_for(tenant, gone) == 0


def test_the_original_is_downloaded_and_never_shown(web: Process, tenant: TenantRef) -> None:
    page = b"<script>alert(1)</script>" * 40_000
    with tenant_context(tenant.id):
        made, _ = create_document(filename="Ärger “x”.html", content=page, queued=False)
    path = f"/knowledge/{made.id}/original"
    with signed_in(web, tenant, "viewer") as viewer:
        assert path in viewer.get(f"/knowledge/{made.id}").text
        answer = viewer.get(path)
        assert answer.content == page
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
        with tenant_context(tenant.id):
            storage.discard(Document.objects.get().path)
        assert viewer.get(path).status_code == 404
        assert path not in viewer.get(f"/knowledge/{made.id}").text
    with PageClient(web, tenant.host) as stranger:
        assert stranger.get(path).headers["location"].startswith("/login")


def test_several_are_deleted_after_one_question_that_names_their_number(
    web: Process, tenant: TenantRef
) -> None:
    chosen = [make_failed(tenant, f"{n}.md", f"Number {n}.".encode()) for n in range(3)]
    make_failed(tenant, "kept.md", b"It stays.")
    form: dict[str, Any] = {"id": [str(each) for each in chosen]}
    with signed_in(web, tenant, "viewer") as viewer:
        assert viewer.post("/knowledge/delete", {**form, "agreed": "1"}).status_code == 403
    with signed_in(web, tenant, "agent") as agent:
        asked = agent.post("/knowledge/delete", form)
        assert "Delete 3 documents?" in asked.text
        assert len(documents(tenant)) == 4
        agent.post("/knowledge/delete", {})
        assert "Choose at least one document." in agent.get("/knowledge").text
        assert agent.post("/knowledge/delete", {"id": "x"}).status_code == 400
        agent.post("/knowledge/delete", {**form, "agreed": "1"})
        assert "3 documents are deleted." in agent.get("/knowledge").text
    assert documents(tenant) == {"kept.md"}
    assert set(events(tenant, "document.deleted")) == {str(each) for each in chosen}


def test_what_failed_takes_no_place_and_needs_one_to_be_read_again(
    tenant: TenantRef, fill_shelf: Callable[[TenantRef], None]
) -> None:
    failed = make_failed(tenant)
    fill_shelf(tenant)
    with tenant_context(tenant.id):
        assert document_usage().documents == 49
        create_document(filename="last.md", content=b"The last place.", queued=False)
        assert document_usage().is_full
        with pytest.raises(QuotaExceeded):
            retry_document(document_id=failed)
        with pytest.raises(QuotaExceeded):
            replace_document(document_id=failed, content=b"Other.", queued=False)
        with pytest.raises(QuotaExceeded):
            create_document(filename="note.md", content=NOTE[1])
        assert Document.objects.get(pk=failed).status == "failed"
        # What an earlier version answers from has its place.
        Document.objects.filter(pk=failed).update(published_at=timezone.now())
        assert document_usage().documents == 51
    assert waits_for(tenant, failed) == 0


def test_of_many_that_are_read_again_at_once_no_more_than_there_are_places(
    tenant: TenantRef, fill_shelf: Callable[[TenantRef], None]
) -> None:
    failed = [make_failed(tenant, f"f{n}.md", f"Failed {n}.".encode()) for n in range(6)]
    fill_shelf(tenant)

    def retry(document_id: UUID) -> bool:
        try:
            with tenant_context(tenant.id):
                retry_document(document_id=document_id)
        except QuotaExceeded:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as executor:
        assert sum(executor.map(retry, failed)) == 1
    with tenant_context(tenant.id):
        assert document_usage().documents == 50


def test_files_that_fail_do_not_fill_the_disk(
    tenant: TenantRef, fill_shelf: Callable[[TenantRef], None]
) -> None:
    make_failed(tenant)
    fill_shelf(tenant)
    with tenant_context(tenant.id):
        Document.objects.update(status="failed")
        create_document(filename="good.md", content=b"A good one.", queued=False)
        Document.objects.filter(filename="good.md").update(status="failed")
        with pytest.raises(QuotaExceeded, match="could not be read"):
            create_document(filename="more.md", content=b"One more.", queued=False)
