"""Writes of documents. Each is one transaction, and the work it causes is queued in it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction

from billing.selectors import plan_limits
from core.errors import (
    AppError,
    Conflict,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
)
from knowledge import index, storage
from knowledge.embeddings.registry import is_paid
from knowledge.models import Document, Source
from knowledge.parsing.invisible import remove_invisible
from knowledge.selectors import WITHOUT_PLACE, DocumentView, view
from knowledge.storage import StoredFile
from tenants.context import current_tenant_id
from tenants.work.tickets import enqueue
from tenants.workspace.changes import Changes, compare
from tenants.workspace.services import SYSTEM, record_event

UPLOADS = "Uploads"
_LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def _brief_locks() -> Iterator[None]:
    """A transaction that waits a second at most for a row that an ingestion holds.

    A publish may hold it for minutes; a request that waited as long would keep a connection from
    every other tenant. Raises Unavailable.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                # For this transaction alone; the connection goes back to everybody.
                cursor.execute("SET LOCAL lock_timeout = '1s'")
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Unavailable(
            "A document of this workspace is being published. Try again in a few seconds.",
            retry_after=5,
        ) from error


def uploads_source() -> Source:
    """The source of files that were uploaded one by one."""
    return Source.objects.get_or_create(kind=Source.Kind.UPLOAD, name=UPLOADS)[0]


def create_document(
    *,
    filename: str,
    content: bytes | Iterable[bytes],
    source_id: UUID | None = None,
    queued: bool = True,
    actor: str = SYSTEM,
) -> tuple[DocumentView, bool]:
    """Stores a file and queues its ingestion. Returns the document and whether it is a new one.

    The same bytes in the same source are the same document: nothing is done again, unless it
    failed. `source_id` defaults to the tenant's uploads. Without `queued` the caller ingests it
    himself. Raises PayloadTooLarge, QuotaExceeded when the plan allows no more documents,
    PermissionDenied where embedding costs something that the workspace may not spend.
    """
    _check_may_embed()
    stored = storage.store([content] if isinstance(content, bytes) else content)
    source = source_id or uploads_source().pk
    try:
        with _brief_locks():
            document = Document.objects.create(
                source_id=source,
                filename=_safe_name(filename),
                title=_safe_name(filename),
                content_hash=stored.digest,
                size=stored.size,
                path=stored.path,
            )
            _check_room()
            if queued:
                _queue(document)
            _record("document.created", actor, document)
            return view(document), True
    # Asked of the index: of two uploads of one file at once exactly one is new.
    except IntegrityError:
        return _known(source, stored, actor), False
    except AppError:
        # Only what we refused ourselves: a commit whose answer was lost may have kept the row.
        storage.discard(stored.path)
        raise


def _check_may_embed() -> None:
    if is_paid() and not plan_limits(current_tenant_id()).may_spend:
        raise PermissionDenied(
            "Confirm your e-mail address first: documents are read once it is known to be yours."
        )


def _check_room() -> None:
    """With the new document stored. Raises QuotaExceeded when the plan allows fewer."""
    plan = plan_limits(current_tenant_id())
    # One at a time, so that many at once cannot all find the last place free.
    Source.objects.select_for_update(no_key=True).order_by("pk").first()
    counted = Document.objects.exclude(WITHOUT_PLACE).count()
    if counted > plan.documents:
        raise QuotaExceeded(
            f"The plan “{plan.name}” keeps {plan.documents} documents. Delete one, or change the plan.",
            detail_code="document_quota_exceeded",
        )
    # They take no place, but their files take room.
    if Document.objects.count() - counted > plan.documents:
        raise QuotaExceeded(
            f"There are more than {plan.documents} files that could not be read. Delete some first.",
            detail_code="document_quota_exceeded",
        )


def replace_document(
    *,
    document_id: UUID,
    content: bytes | Iterable[bytes],
    filename: str | None = None,
    queued: bool = True,
    actor: str = SYSTEM,
) -> DocumentView:
    """Gives a document new content. Until that is ready, questions are answered from the old one.

    Without `queued` the caller ingests it himself.
    Raises NotFound, Conflict when another document has these bytes, PayloadTooLarge, PermissionDenied.
    """
    _check_may_embed()
    stored = storage.store([content] if isinstance(content, bytes) else content)
    try:
        return _replaced(document_id, stored, filename, queued=queued, actor=actor)
    except IntegrityError as error:
        storage.discard(stored.path)
        raise Conflict("Another document has this content already.", param="file") from error
    except AppError:
        storage.discard(stored.path)
        raise


@_brief_locks()
def _replaced(
    document_id: UUID, stored: StoredFile, filename: str | None, *, queued: bool, actor: str
) -> DocumentView:
    document = _locked(document_id)
    if document.content_hash == stored.digest:
        storage.discard(stored.path)
        return view(document)
    transaction.on_commit(partial(storage.discard, document.path))
    before = _told(document)
    had_no_place = document.status == Document.Status.FAILED and document.published_at is None
    document.content_hash, document.size, document.path = stored.digest, stored.size, stored.path
    document.version += 1
    if filename is not None:
        document.filename = document.title = _safe_name(filename)
    _start_over(document)
    if had_no_place:
        _check_room()
    if queued:
        _queue(document)
    _record("document.changed", actor, document, compare(before, _told(document)))
    return view(document)


def delete_document(*, document_id: UUID, actor: str = SYSTEM) -> None:
    """Takes a document out of search and removes its file.

    Raises NotFound, Unavailable while another document is being published.
    """
    with _brief_locks():
        document = _locked(document_id)
        index.remove(document.pk)
        transaction.on_commit(partial(storage.discard, document.path))
        _record("document.deleted", actor, document)
        document.delete()


def _known(source_id: UUID, stored: StoredFile, actor: str) -> DocumentView:
    """The document that has these bytes. A failed one starts over, from the file of this upload."""
    with _brief_locks():
        same = Document.objects.filter(source_id=source_id, content_hash=stored.digest)
        document = same.first()
        if document is None or document.status != Document.Status.FAILED:
            storage.discard(stored.path)
        if document is None:
            raise Conflict("The same file was deleted just now. Upload it again.", param="file")
        if document.status == Document.Status.FAILED:
            document = same.select_for_update().get()
            transaction.on_commit(partial(storage.discard, document.path))
            document.path = stored.path
            _retry(document, actor)
        return view(document)


def retry_document(*, document_id: UUID, actor: str = SYSTEM) -> DocumentView:
    """Reads the kept file of a failed document once more; of any other, nothing is done.

    Raises NotFound, Conflict when the file is gone, QuotaExceeded, PermissionDenied, Unavailable.
    """
    _check_may_embed()
    with _brief_locks():
        document = _locked(document_id)
        if document.status == Document.Status.FAILED:
            if not storage.is_kept(document.path):
                raise Conflict("The file is not kept any more. Upload it again.")
            _retry(document, actor)
        return view(document)


def _retry(document: Document, actor: str) -> None:
    _start_over(document)
    # It had no place as long as it had failed, or the one of its earlier version.
    if document.published_at is None:
        _check_room()
    _queue(document)
    _record("document.retried", actor, document)


def _locked(document_id: UUID) -> Document:
    document = Document.objects.select_for_update().filter(pk=document_id).first()
    if document is None:
        raise NotFound("There is no such document.")
    return document


# What a new start of ingestion changes. `_locked` holds the row; what else may be written stays.
_ABOUT_INGESTION = [
    *("status", "stage", "error", "pages_done", "pages_total", "chunks_done", "chunks_total"),
    *("path", "content_hash", "filename", "title", "size", "version", "updated_at"),
]


def _start_over(document: Document) -> None:
    document.status, document.stage = Document.Status.QUEUED, Document.Stage.WAITING
    document.error = ""
    document.pages_done = document.pages_total = 0
    document.chunks_done = document.chunks_total = 0
    document.save(update_fields=_ABOUT_INGESTION)


def _told(document: Document) -> dict[str, object]:
    return {"filename": document.filename, "version": document.version, "bytes": document.size}


def _record(action: str, actor: str, document: Document, changes: Changes | None = None) -> None:
    target, name = str(document.pk), document.title
    record_event(action=action, actor=actor, target=target, name=name, changes=changes)


def _queue(document: Document) -> None:
    enqueue("ingest_document", {"document_id": str(document.pk), "version": document.version})


def _safe_name(filename: str) -> str:
    """The last part of a path, without characters that nobody sees."""
    name = remove_invisible(filename).replace("\\", "/").rpartition("/")[2].strip()
    return name[-255:] or "document"
