"""From a file to passages, step by step, without a worker."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import Conflict, NotFound, PayloadTooLarge
from core.ids import new_id
from knowledge import selectors, services, storage
from knowledge.embeddings.base import EmbeddingError
from knowledge.embeddings.registry import EmbeddingChoice, choose
from knowledge.ingestion import GAVE_UP, give_up, ingest
from knowledge.models import Chunk, Document, RawVector
from knowledge.passages import Passage
from knowledge.progress import Superseded
from knowledge.retrieval import retrieve
from knowledge.selectors import DocumentView
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.work.tickets import Ticket
from tests.fake_openai import FakeOpenAI, running
from tests.knowledge import files

FACT = "The access code of the Zorblatt depot is 4711."


def no_heartbeat() -> None:
    pass


def add(filename: str, content: bytes) -> DocumentView:
    """Creates and ingests a document of the open tenant, here and now."""
    document, _ = services.create_document(filename=filename, content=content, queued=False)
    return work_on(document)


def work_on(document: DocumentView) -> DocumentView:
    ingest(document.id, document.version, heartbeat=no_heartbeat)
    return selectors.get_document(document.id)


def ask(tenant: TenantRef, question: str) -> list[Passage]:
    return asyncio.run(retrieve(tenant.id, question)).passages


def chunk_rows(document_id: UUID) -> list[tuple[object, ...]]:
    fields = ("ordinal", "page", "heading_path", "start", "end", "text", "gap")
    rows = Chunk.objects.filter(document_id=document_id).order_by("ordinal")
    return list(rows.values_list(*fields))


@pytest.mark.parametrize(
    ("filename", "content", "page"),
    [
        ("a.md", f"# Depot\n\n{FACT}\n".encode(), None),
        ("a.txt", f"Depot. {FACT}\n".encode("utf-16"), None),
        ("a.html", f"<html><body><p>{FACT}</p></body></html>".encode(), None),
        ("a.docx", files.make_docx(("Heading 1", "Depot"), ("Normal", FACT)), None),
        ("a.pdf", files.make_pdf(["Cover.", f"Depot.\n{FACT}", "End."]), 2),
    ],
)
def test_every_kind_of_file_answers_with_its_place(
    tenant: TenantRef, filename: str, content: bytes, page: int | None
) -> None:
    with tenant_context(tenant.id):
        document = add(filename, content)
    assert (document.status, document.error) == ("ready", None)
    best = ask(tenant, "What is the access code of the Zorblatt depot?")[0]
    assert FACT in best.text
    assert (best.document_id, best.page, best.url) == (document.id, page, None)
    assert best.coverage > 0.9
    assert best.similarity > 0.5


def test_offsets_of_text_are_code_points_of_the_file(tenant: TenantRef) -> None:
    raw = "Ünïcödé 🎉🎉\r\n\r\n" + "Füllsätze sind lang. " * 40 + "\r\n\r\n" + FACT + "\r\n"
    with tenant_context(tenant.id):
        add("a.txt", b"\xef\xbb\xbf" + raw.encode())
    for passage in ask(tenant, "Zorblatt access code"):
        assert passage.text == raw[passage.start : passage.end]


def test_a_question_about_nothing_here_has_no_evidence(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add("a.md", f"# Depot\n\n{FACT}\n".encode())
    for passage in ask(tenant, "Which whale lives longest?"):
        assert passage.coverage < 0.1
        assert passage.similarity < 0.3


def test_another_tenant_retrieves_nothing(tenant: TenantRef, other_tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add("a.md", FACT.encode())
    assert ask(other_tenant, "Zorblatt access code") == []


def test_the_same_bytes_are_the_same_document_and_nothing_is_done_twice(
    tenant: TenantRef,
) -> None:
    with tenant_context(tenant.id):
        first, created = services.create_document(filename="a.md", content=FACT.encode())
        again, created_again = services.create_document(filename="b.md", content=FACT.encode())
        assert (created, created_again) == (True, False)
        assert (again.id, again.filename) == (first.id, "a.md")
        assert len(list(storage.tenant_folder(tenant.id).iterdir())) == 1
    with platform_context():
        assert WorkTicket.objects.filter(tenant_id=tenant.id).count() == 1


def test_ingesting_again_changes_nothing(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document = add("a.md", (FACT + " More words here.\n\n").encode() * 30)
        rows = list(Chunk.objects.order_by("pk").values_list("pk", flat=True))
        assert work_on(document) == document
        assert list(Chunk.objects.order_by("pk").values_list("pk", flat=True)) == rows


def test_a_new_version_takes_over_and_embeds_what_changed_alone(tenant: TenantRef) -> None:
    old = [f"Paragraph {n} is about topic {n} and goes on for a while. " * 5 for n in range(6)]
    new = [*old[:3], "A changed paragraph about something else. " * 6, *old[4:]]
    with tenant_context(tenant.id):
        document = add("a.md", "\n\n".join(old).encode())
        before = set(RawVector.objects.values_list("pk", flat=True))
        replaced = services.replace_document(
            document_id=document.id, content="\n\n".join(new).encode(), queued=False
        )
        assert (replaced.version, replaced.status) == (2, "queued")
        assert Chunk.objects.filter(text__contains="topic 3").exists()
        assert work_on(replaced).status == "ready"
        assert not Chunk.objects.filter(text__contains="topic 3").exists()
        assert Chunk.objects.filter(text__contains="changed paragraph").exists()
        after = set(RawVector.objects.values_list("pk", flat=True))
        assert len(after - before) <= 2
        undisturbed = chunk_rows(document.id)
    assert [row[0] for row in undisturbed] == list(range(len(undisturbed)))


def test_the_old_version_stays_when_the_new_one_fails(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document = add("a.pdf", files.make_pdf([FACT]))
        replaced = services.replace_document(
            document_id=document.id, content=files.make_encrypted_pdf(), queued=False
        )
        failed = work_on(replaced)
        assert failed.status == "failed"
        assert Chunk.objects.filter(document_id=document.id).count() == 1


def test_content_of_another_document_is_a_conflict_and_leaves_no_file(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        first, second = add("a.md", b"first words"), add("b.md", b"second words")
        with pytest.raises(Conflict):
            services.replace_document(document_id=first.id, content=b"second words")
        assert selectors.get_document(first.id) == first
        assert selectors.get_document(second.id) == second
        assert len(list(storage.tenant_folder(tenant.id).iterdir())) == 2


def test_a_broken_file_fails_with_a_sentence_and_is_tried_again_when_sent_again(
    tenant: TenantRef,
) -> None:
    with tenant_context(tenant.id):
        document = add("a.pdf", files.make_encrypted_pdf())
        assert document.status == "failed"
        assert document.error == (
            "The file is protected by a password. Remove the protection and upload it again."
        )
        again, created = services.create_document(
            filename="a.pdf", content=files.make_encrypted_pdf()
        )
        assert (created, again.id, again.status) == (False, document.id, "queued")


@pytest.fixture
def refusing_service() -> Iterator[FakeOpenAI]:
    """An embedding service that refuses, chosen for the process as a setting would."""
    with running() as fake:
        choose(EmbeddingChoice(base_url=fake.url, model="m", dimensions=384))
        try:
            yield fake
        finally:
            choose(EmbeddingChoice())


def test_an_embedding_service_that_refuses_for_good_fails_the_document(
    tenant: TenantRef, refusing_service: FakeOpenAI
) -> None:
    refusing_service.default(status=401)
    with tenant_context(tenant.id):
        document = add("a.md", FACT.encode())
    assert document.status == "failed"
    assert document.error == (
        "The text could not be embedded, so it cannot be searched. "
        "The embedding service answered 401."
    )


def test_a_busy_embedding_service_leaves_the_document_to_another_try(
    tenant: TenantRef, refusing_service: FakeOpenAI
) -> None:
    refusing_service.default(status=503)
    with tenant_context(tenant.id):
        document, _ = services.create_document(filename="a.md", content=FACT.encode(), queued=False)
        with pytest.raises(EmbeddingError):
            work_on(document)
        assert selectors.get_document(document.id).status == "processing"
        refusing_service.default(status=200)
        assert work_on(document).status == "ready"


def test_giving_up_says_so_but_never_takes_back_what_is_ready(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        ready = add("a.md", FACT.encode())
        stuck, _ = services.create_document(filename="b.md", content=b"words", queued=False)
        for document in (ready, stuck):
            payload = {"document_id": str(document.id), "version": 1}
            give_up(Ticket(new_id(), tenant.id, "ingest_document", payload, 5, 5, new_id(), 30))
        assert selectors.get_document(ready.id) == ready
        assert selectors.get_document(stuck.id).status == "failed"
        assert selectors.get_document(stuck.id).error == GAVE_UP


def test_work_on_a_deleted_or_replaced_document_stops(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document, _ = services.create_document(filename="a.md", content=FACT.encode(), queued=False)

        def delete_meanwhile() -> None:
            Document.objects.filter(pk=document.id).delete()

        with pytest.raises(Superseded):
            ingest(document.id, 1, heartbeat=delete_meanwhile)
        assert not Chunk.objects.exists()


def test_a_deleted_document_leaves_nothing(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document = add("a.md", FACT.encode())
        services.delete_document(document_id=document.id)
        assert not Chunk.objects.exists()
        assert list(storage.tenant_folder(tenant.id).iterdir()) == []
        with pytest.raises(NotFound):
            services.delete_document(document_id=document.id)


def test_a_file_over_the_limit_is_refused_while_it_is_read(
    tenant: TenantRef,
) -> None:
    read = []

    def pieces() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield bytes(1_000_000)

    with tenant_context(tenant.id):
        with pytest.raises(PayloadTooLarge, match="25 MB"):
            services.create_document(filename="a.txt", content=pieces())
        assert list(storage.tenant_folder(tenant.id).iterdir()) == []
        assert not Document.objects.exists()
    assert len(read) == 26


def test_files_are_readable_by_the_server_alone(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        services.create_document(filename="../../etc/passwd", content=b"words", queued=False)
        folder = storage.tenant_folder(tenant.id)
        (file,) = folder.iterdir()
        assert Document.objects.get().filename == "passwd"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.resolve().parent == Path(folder).resolve()
