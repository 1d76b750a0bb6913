"""Reads of documents, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from core.errors import NotFound
from knowledge.models import Document

# What the plan's number of documents leaves out: failed, and with no earlier version to answer from.
WITHOUT_PLACE = Q(status=Document.Status.FAILED, published_at=None)


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as its owner sees it."""

    id: UUID
    source_id: UUID
    filename: str
    title: str
    size: int
    version: int
    status: str
    stage: str
    pages_done: int
    pages_total: int
    chunks_done: int
    chunks_total: int
    error: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of a list, newest first; `next_cursor` leads to the next one."""

    documents: list[DocumentView]
    next_cursor: UUID | None


def view(document: Document) -> DocumentView:
    return DocumentView(
        id=document.pk,
        source_id=document.source_id,
        filename=document.filename,
        title=document.title,
        size=document.size,
        version=document.version,
        status=document.status,
        stage=document.stage,
        pages_done=document.pages_done,
        pages_total=document.pages_total,
        chunks_done=document.chunks_done,
        chunks_total=document.chunks_total,
        error=document.error or None,
        created_at=document.created_at,
        updated_at=document.updated_at,
    )


def get_document(document_id: UUID) -> DocumentView:
    """Raises NotFound for an id that the open tenant has no document of."""
    document = Document.objects.filter(pk=document_id).first()
    if document is None:
        raise NotFound("There is no such document.")
    return view(document)


def list_documents(
    *, limit: int, after: UUID | None = None, search: str = "", statuses: Sequence[str] = ()
) -> DocumentPage:
    """Newest first: ids grow with time. `after` is the last id of the page before; `search` is a part of
    the title or the file's name; with `statuses`, those in one of them."""
    # By id and not by time: ids are unique, so no row is skipped or shown twice.
    documents = Document.objects.order_by("-pk")
    if search:
        documents = documents.filter(Q(title__icontains=search) | Q(filename__icontains=search))
    if statuses:
        documents = documents.filter(status__in=statuses)
    if after is not None:
        documents = documents.filter(pk__lt=after)
    found = [view(document) for document in documents[: limit + 1]]
    more = len(found) > limit
    return DocumentPage(found[:limit], found[limit - 1].id if more else None)
