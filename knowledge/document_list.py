"""Reads for people who look at what was understood of their documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from billing.selectors import PlanLimits, plan_limits
from core.errors import NotFound
from knowledge import storage
from knowledge.models import Chunk, Document, Source
from knowledge.selectors import WITHOUT_PLACE, DocumentView, view
from tenants.context import current_tenant_id


@dataclass(frozen=True, slots=True)
class ChunkView:
    """A passage as it is searched: `page` and `heading_path` say where it stands."""

    ordinal: int
    page: int | None
    heading_path: str
    text: str


@dataclass(frozen=True, slots=True)
class ChunkPage:
    """Passages in the document's order; `next_after` is the last ordinal when there are more."""

    chunks: list[ChunkView]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class DocumentUsage:
    """How many documents there are, without the failed ones, and how many the plan keeps."""

    documents: int
    plan: PlanLimits

    @property
    def is_full(self) -> bool:
        return self.documents >= self.plan.documents


def document_usage() -> DocumentUsage:
    return documents_within(plan_limits(current_tenant_id()))


def documents_within(plan: PlanLimits) -> DocumentUsage:
    """The same for who knows the plan already."""
    return DocumentUsage(Document.objects.exclude(WITHOUT_PLACE).count(), plan)


def find_kept(ids: Sequence[UUID]) -> set[UUID]:
    """Those of the documents whose file is still there."""
    paths = Document.objects.filter(pk__in=ids).values_list("pk", "path")
    return {pk for pk, path in paths if storage.is_kept(path)}


def open_original(document_id: UUID) -> tuple[str, int, BinaryIO]:
    """The name, the bytes and the opened file of a document, for the caller to close. Raises NotFound."""
    document = Document.objects.filter(pk=document_id).first()
    if document is None:
        raise NotFound("There is no such document.")
    try:
        file, _ = storage.files().open(current_tenant_id(), document.path)
    except (OSError, ValueError) as error:
        raise NotFound("The file of this document is not kept.") from error
    return document.filename, document.size, file


def find_documents(ids: Sequence[UUID]) -> list[DocumentView]:
    """Those of the documents that there still are."""
    # Ids of another tenant are in another schema: they are simply not found.
    return [view(document) for document in Document.objects.filter(pk__in=ids)]


def list_chunks(document_id: UUID, *, limit: int, after: int | None = None) -> ChunkPage:
    """A document's passages. `after` is the ordinal that the page before ended with."""
    chunks = Chunk.objects.filter(document_id=document_id).order_by("ordinal")
    if after is not None:
        chunks = chunks.filter(ordinal__gt=after)
    # One row more than shown tells whether there is a next page, without a count.
    rows = chunks.values_list("ordinal", "page", "heading_path", "text")[: limit + 1]
    found = [ChunkView(*row) for row in rows]
    more = len(found) > limit
    return ChunkPage(found[:limit], found[limit - 1].ordinal if more else None)


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where documents come from."""

    id: UUID
    name: str


def list_sources() -> list[SourceView]:
    """All of them, oldest first."""
    return [SourceView(*row) for row in Source.objects.order_by("pk").values_list("pk", "name")]
