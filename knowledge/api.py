"""`/v1/documents`."""

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import InvalidRequest, PayloadTooLarge
from knowledge import selectors, services
from knowledge.parsing.base import SENTENCES
from knowledge.selectors import DocumentView
from tenants.access import require_scope
from tenants.api import key_of

# What a multipart body has beside its file.
ENVELOPE_BYTES = 65_536
MAX_PAGE = 100
# Python refuses to read a number of thousands of digits.
_NUMBER = re.compile(r"[0-9]{1,4}")


def serialize(document: DocumentView) -> dict[str, Any]:
    """A document on the wire. `progress` says how much is read and embedded so far."""
    return {
        "id": str(document.id),
        "object": "document",
        "filename": document.filename,
        "title": document.title,
        "bytes": document.size,
        "version": document.version,
        "status": document.status,
        "progress": {
            "stage": document.stage,
            "pages": {"done": document.pages_done, "total": document.pages_total},
            "chunks": {"done": document.chunks_done, "total": document.chunks_total},
        },
        "error": document.error,
        "created_at": document.created_at.isoformat(),
        "updated_at": document.updated_at.isoformat(),
    }


class DocumentsView(APIView):
    parser_classes = [MultiPartParser]

    def get(self, request: Request) -> Response:
        require_scope(key_of(request), "documents:read")
        page = selectors.list_documents(limit=_limit(request), after=_cursor(request))
        return Response(
            {
                "object": "list",
                "data": [serialize(document) for document in page.documents],
                "has_more": page.next_cursor is not None,
                "next_cursor": str(page.next_cursor) if page.next_cursor else None,
            }
        )

    def post(self, request: Request) -> Response:
        require_scope(key_of(request), "documents:write")
        _check_length(request)
        file = request.FILES.get("file")
        if file is None:
            raise InvalidRequest("Send the file as the multipart field “file”.", param="file")
        document, created = services.create_document(
            filename=file.name or "", content=file.chunks()
        )
        code = status.HTTP_202_ACCEPTED if created else status.HTTP_200_OK
        return Response(serialize(document), status=code)


class DocumentDetailView(APIView):
    def get(self, request: Request, document_id: UUID) -> Response:
        require_scope(key_of(request), "documents:read")
        return Response(serialize(selectors.get_document(document_id)))

    def delete(self, request: Request, document_id: UUID) -> Response:
        require_scope(key_of(request), "documents:write")
        services.delete_document(document_id=document_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _check_length(request: Request) -> None:
    """Before the body is parsed: a large one is not worth the reading."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES:
        raise PayloadTooLarge(SENTENCES["oversized"], param="file")


def _limit(request: Request) -> int:
    raw = request.query_params.get("limit", "20")
    if not _NUMBER.fullmatch(raw) or not 1 <= int(raw) <= MAX_PAGE:
        raise InvalidRequest(f"limit must be a number from 1 to {MAX_PAGE}.", param="limit")
    return int(raw)


def _cursor(request: Request) -> UUID | None:
    raw = request.query_params.get("cursor")
    if not raw:
        return None
    try:
        return UUID(raw)
    except ValueError as error:
        raise InvalidRequest("cursor must be a next_cursor of a list.", param="cursor") from error
