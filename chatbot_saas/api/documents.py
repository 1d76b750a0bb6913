"""`/v1/documents`."""

from typing import Annotated, Any, Literal, cast
from uuid import UUID

import msgspec

from chatbot_saas.api.operations import (
    Call,
    Operation,
    Page,
    PageQuery,
    Reply,
    as_json,
    page_of,
    routes,
)
from chatbot_saas.api.structs import AwareDatetime
from core.cursors import read_id
from core.errors import InvalidRequest
from knowledge import selectors, services
from knowledge.selectors import DocumentView


class Counted(msgspec.Struct):
    done: int
    total: int


class Progress(msgspec.Struct):
    """How much is read and embedded so far."""

    stage: Literal["waiting", "reading", "embedding", "publishing", "done"]
    pages: Counted
    chunks: Counted


class Document(msgspec.Struct, tag_field="object", tag="document", kw_only=True):
    """A file that answers are quoted from. `error` says what is wrong with it and what to do."""

    id: UUID
    source_id: UUID
    filename: str
    title: str
    bytes: int
    version: int
    status: Literal["queued", "processing", "ready", "failed"]
    progress: Progress
    error: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Upload(msgspec.Struct):
    file: Annotated[str, msgspec.Meta(extra_json_schema={"format": "binary"})]


def document_of(view: DocumentView) -> Document:
    return Document(
        id=view.id,
        source_id=view.source_id,
        filename=view.filename,
        title=view.title,
        bytes=view.size,
        version=view.version,
        # The model's choices, which the struct lists once more for the description.
        status=cast(Any, view.status),
        progress=Progress(
            stage=cast(Any, view.stage),
            pages=Counted(view.pages_done, view.pages_total),
            chunks=Counted(view.chunks_done, view.chunks_total),
        ),
        error=view.error,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


def list_documents(call: Call) -> Reply:
    query: PageQuery = call.query
    after = read_id(query.cursor) if query.cursor else None
    page = selectors.list_documents(limit=query.limit, after=after)
    return 200, page_of([document_of(view) for view in page.documents], page.next_cursor)


def create_document(call: Call) -> Reply:
    file = call.files.get("file")
    if file is None:
        raise InvalidRequest("Send the file as the multipart field “file”.", param="file")
    view, created = services.create_document(
        filename=file.name or "", content=file.chunks(), actor=call.actor
    )
    return 202 if created else 200, document_of(view)


def read_document(call: Call, document_id: UUID) -> Reply:
    return 200, document_of(selectors.get_document(document_id))


def delete_document(call: Call, document_id: UUID) -> Reply:
    services.delete_document(document_id=document_id, actor=call.actor)
    return 204, None


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/documents",
        name="list_documents",
        tag="Documents",
        summary="List documents, newest first.",
        scope="documents:read",
        query=PageQuery,
        answers={200: as_json(Page[Document])},
        run=list_documents,
    ),
    Operation(
        method="POST",
        path="/v1/documents",
        name="create_document",
        tag="Documents",
        summary="Upload a file.",
        description="It is read and embedded in the background. The same bytes sent again are the "
        "same document and answered with 200; one that had failed is tried again.",
        scope="documents:write",
        form=Upload,
        answers={202: as_json(Document), 200: as_json(Document)},
        run=create_document,
    ),
    Operation(
        method="GET",
        path="/v1/documents/{document_id}",
        name="read_document",
        tag="Documents",
        summary="Read a document's status.",
        scope="documents:read",
        answers={200: as_json(Document)},
        run=read_document,
    ),
    Operation(
        method="DELETE",
        path="/v1/documents/{document_id}",
        name="delete_document",
        tag="Documents",
        summary="Remove a document from search, with its file.",
        scope="documents:write",
        answers={204: None},
        run=delete_document,
    ),
)
urlpatterns = routes(OPERATIONS)
