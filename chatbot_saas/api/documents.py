"""`/v1/documents`."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.pagination import Slice
from chatbot_saas.api.serializing import KindField, TextField
from chatbot_saas.api.views import APIView, ListView
from core.cursors import read_id
from core.errors import InvalidRequest
from knowledge import selectors, services
from knowledge.models import Document


class PagesCountedSerializer(serializers.Serializer[selectors.DocumentView]):
    done = serializers.IntegerField(source="pages_done")
    total = serializers.IntegerField(source="pages_total")


class ChunksCountedSerializer(serializers.Serializer[selectors.DocumentView]):
    done = serializers.IntegerField(source="chunks_done")
    total = serializers.IntegerField(source="chunks_total")


class ProgressSerializer(serializers.Serializer[selectors.DocumentView]):
    """How much is read and embedded so far."""

    stage = serializers.ChoiceField(Document.Stage.values)
    pages = PagesCountedSerializer(source="*")
    chunks = ChunksCountedSerializer(source="*")


class DocumentSerializer(serializers.Serializer[selectors.DocumentView]):
    """A file that answers are quoted from. `error` says what is wrong with it and what to do."""

    object = KindField("document")
    id = serializers.UUIDField()
    source_id = serializers.UUIDField()
    filename = TextField()
    title = TextField()
    bytes = serializers.IntegerField(source="size")
    version = serializers.IntegerField()
    status = serializers.ChoiceField(Document.Status.values)
    progress = ProgressSerializer(source="*")
    error = TextField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


@extend_schema_field({"type": "string", "format": "binary"})
class BytesField(serializers.FileField):
    """A file that is sent, and not the address of one."""


class UploadSerializer(serializers.Serializer[Any]):
    file = BytesField()


@extend_schema(tags=["Documents"])
class DocumentList(ListView):
    """The workspace's documents."""

    required_scopes = {"GET": "documents:read", "POST": "documents:write"}
    parser_classes = (MultiPartParser,)
    serializer_class = DocumentSerializer

    @extend_schema(
        operation_id="list_documents",
        summary="List documents, newest first.",
        responses=DocumentSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        page = selectors.list_documents(limit=limit, after=read_id(cursor) if cursor else None)
        return Slice(page.documents, page.next_cursor)

    @extend_schema(
        operation_id="create_document",
        summary="Upload a file.",
        description="It is read and embedded in the background. The same bytes sent again are the "
        "same document and answered with 200; one that had failed is tried again.",
        request=UploadSerializer,
        responses={202: DocumentSerializer, 200: DocumentSerializer},
    )
    def post(self, request: Request) -> Response:
        sent = [file for _, files in request.FILES.lists() for file in files]
        # One document answers one request, so another file would vanish in silence.
        if len(sent) > 1:
            raise InvalidRequest(
                f"Send one file in a request; this one has {len(sent)}. Each becomes a document of "
                "its own.",
                param="file",
            )
        # Whatever its name: the service says what is wrong with a file, in a person's words.
        file = request.FILES.get("file")
        if file is None:
            raise InvalidRequest(
                "Send the file as the multipart field “file”, with a name in UTF-8.", param="file"
            )
        document, created = services.create_document(
            # So browsers and HTTP libraries write a quote in it.
            filename=(file.name or "").replace("%22", '"'),
            content=file.chunks(),
            actor=self.actor,
        )
        return self.answer(document, status=202 if created else 200)


@extend_schema(tags=["Documents"])
class DocumentDetail(APIView):
    """One document."""

    required_scopes = {"GET": "documents:read", "DELETE": "documents:write"}
    serializer_class = DocumentSerializer

    @extend_schema(operation_id="read_document", summary="Read a document's status.")
    def get(self, request: Request, document_id: UUID) -> Response:
        return self.answer(selectors.get_document(document_id))

    @extend_schema(
        operation_id="delete_document",
        summary="Remove a document from search, with its file.",
        responses={204: None},
    )
    def delete(self, request: Request, document_id: UUID) -> Response:
        services.delete_document(document_id=document_id, actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("v1/documents", DocumentList.as_view()),
    path("v1/documents/<uuid:document_id>", DocumentDetail.as_view()),
]
