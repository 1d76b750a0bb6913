"""The stages from a stored file to passages that can be found: read, split, embed, publish.

Done under a work ticket, so at least once: a stage that is done again changes nothing. Vectors are
kept as they are made, so a killed worker's successor embeds only what was missing. Chunks are
swapped in one transaction together with the document's status.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from core import analytics
from core.metrics import CHUNKS, DOCUMENTS, PAGES
from knowledge import chunking, index, storage
from knowledge.chunking import Chunk
from knowledge.embeddings.base import Embedder, EmbeddingError, Vectors
from knowledge.embeddings.registry import get_embedder
from knowledge.files.base import StoreAway
from knowledge.models import Document
from knowledge.parsing.base import Parsed, ParseError
from knowledge.parsing.process import parse_file
from knowledge.progress import HEARTBEAT_SECONDS, Progress, Superseded
from tenants.context import current_tenant_id
from tenants.outbox.writing import write_event
from tenants.work.tickets import Postponed, Ticket, handles, heartbeat, kept_alive

log = logging.getLogger(__name__)

# Texts embedded between two looks at progress and lease; what a killed worker loses at most.
EMBED_BATCH = 64
EMBED_SECONDS = PUBLISH_SECONDS = 600.0
GAVE_UP = (
    "Processing this file failed several times. Upload it again later; if it fails again, contact "
    "support."
)
CANCELLED = "Reading this file was called off. Upload it again, or contact support."
EMBEDDING_REFUSED = "The text could not be embedded, so it cannot be searched. {reason}"


def give_up(ticket: Ticket) -> None:
    """No further attempt will be made."""
    _fail(_document_id(ticket), int(ticket.payload["version"]), GAVE_UP)


def cancel(ticket: Ticket) -> None:
    """The operator has ended it before a worker began."""
    _fail(_document_id(ticket), int(ticket.payload["version"]), CANCELLED)


def reopen(ticket: Ticket) -> None:
    """It is tried again: what has failed waits."""
    Document.objects.filter(
        pk=_document_id(ticket),
        version=int(ticket.payload["version"]),
        status=Document.Status.FAILED,
    ).update(status=Document.Status.QUEUED, stage=Document.Stage.WAITING, error="")


@handles(
    "ingest_document",
    lease_seconds=30,
    on_give_up=give_up,
    on_cancel=cancel,
    on_reopen=reopen,
)
def ingest_document(ticket: Ticket) -> None:
    """Brings the version of a document that the ticket names into search, or to `failed`."""
    version = int(ticket.payload["version"])
    try:
        ingest(_document_id(ticket), version, heartbeat=partial(heartbeat, ticket))
    except Superseded as error:
        log.info("%s", error)
    except StoreAway as error:
        raise Postponed from error


def ingest(document_id: UUID, version: int, *, heartbeat: Callable[[], None]) -> None:
    """Does nothing for a version that is done, or was replaced. `heartbeat` is called at least
    between any two stages and may raise to stop the work.

    Raises EmbeddingError, ParserLost and StoreAway where another try may help, Superseded where none
    will.
    """
    document = Document.objects.filter(pk=document_id, version=version).first()
    if document is None or document.status in (Document.Status.READY, Document.Status.FAILED):
        return
    progress = Progress(document_id, version, heartbeat)
    progress.stage(Document.Stage.READING, status=Document.Status.PROCESSING, error="")
    try:
        with storage.local_file(document.path, document.content_hash, document.size) as path:
            parsed = parse_file(path, document.filename, progress.pages)
    except ParseError as error:
        _fail(document_id, version, str(error))
        return
    chunks = chunking.cut(parsed.text, parsed.blocks, parsed.spans)
    progress.stage(
        Document.Stage.EMBEDDING,
        pages_done=parsed.pages,
        pages_total=parsed.pages,
        chunks_total=len(chunks),
    )
    embedder = get_embedder()
    try:
        # A service may take long over one batch.
        with kept_alive(heartbeat, every=HEARTBEAT_SECONDS, at_most=EMBED_SECONDS):
            vectors = _own_vectors(document_id, chunks, embedder, progress)
    except EmbeddingError as error:
        if not error.permanent:
            raise
        _fail(document_id, version, EMBEDDING_REFUSED.format(reason=error))
        return
    progress.stage(Document.Stage.PUBLISHING, chunks_done=len(chunks))
    with kept_alive(heartbeat, every=HEARTBEAT_SECONDS, at_most=PUBLISH_SECONDS):
        _publish(document, parsed, chunks, vectors, model=embedder.name)


def _document_id(ticket: Ticket) -> UUID:
    return UUID(ticket.payload["document_id"])


def _own_vectors(
    document_id: UUID, chunks: Sequence[Chunk], embedder: Embedder, progress: Progress
) -> Vectors:
    """float32 [len(chunks), dimensions]. Texts embedded before, for this document, are reused."""
    texts = {index.text_hash(chunk): chunk.embedded_text for chunk in chunks}
    known = index.stored_vectors(document_id, embedder.name)
    missing = [digest for digest in texts if digest not in known]
    for at in range(0, len(missing), EMBED_BATCH):
        digests = missing[at : at + EMBED_BATCH]
        made = embedder.embed([texts[digest] for digest in digests])
        # Halved at once, so that a second run blends the very same numbers.
        halved = made.astype(np.float16).astype(np.float32)
        fresh = dict(zip(digests, halved, strict=True))
        index.store_vectors(document_id, embedder.name, fresh)
        known |= fresh
        CHUNKS.inc(len(fresh))
        progress.chunks(len(chunks) - len(missing) + at + len(fresh))
    return np.stack([known[index.text_hash(chunk)] for chunk in chunks])


def _publish(
    read: Document, parsed: Parsed, chunks: Sequence[Chunk], vectors: Vectors, *, model: str
) -> None:
    with transaction.atomic():
        # Locked: a document deleted or replaced meanwhile must not come back.
        wanted = Document.objects.filter(pk=read.pk, version=read.version)
        document = wanted.select_for_update().first()
        if document is None or document.status == Document.Status.READY:
            return
        index.publish(
            document_id=document.pk,
            source_id=document.source_id,
            model=model,
            chunks=chunks,
            own_vectors=vectors,
        )
        document.title = parsed.title[:255] or document.title
        document.status, document.stage = Document.Status.READY, Document.Stage.DONE
        document.published_at = timezone.now()
        document.chunks_done = document.chunks_total = len(chunks)
        document.save(
            update_fields=[
                *("title", "status", "stage", "published_at", "updated_at"),
                *("chunks_done", "chunks_total"),
            ]
        )
        _track("document_ready", document.pk)
        _tell("document.ready", document, pages=parsed.pages, chunks=len(chunks))
    DOCUMENTS.labels("ready").inc()
    PAGES.inc(parsed.pages)


def _fail(document_id: UUID, version: int, sentence: str) -> None:
    """What an earlier version has published stays, and so does the first reason given."""
    unfinished = Document.objects.filter(pk=document_id, version=version).exclude(
        status__in=(Document.Status.READY, Document.Status.FAILED)
    )
    with transaction.atomic():
        if not unfinished.update(
            status=Document.Status.FAILED,
            stage=Document.Stage.DONE,
            error=sentence[:500],
            updated_at=timezone.now(),
        ):
            return
        _track("document_failed", document_id)
        _tell("document.failed", Document.objects.get(pk=document_id))
    DOCUMENTS.labels("failed").inc()


def _track(event: Literal["document_ready", "document_failed"], document_id: UUID) -> None:
    analytics.track(event, tenant_id=current_tenant_id(), document_id=document_id)


def _tell(
    event: Literal["document.ready", "document.failed"], document: Document, **counts: int
) -> None:
    about = {"document_id": document.pk, "source_id": document.source_id}
    write_event(event, key=document.pk, **about, version=document.version, **counts)
