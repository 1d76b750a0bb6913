"""`/v1/chatbots/{chatbot_id}/avatar`."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.documents import BytesField
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.views import APIView
from conversations.chatbots import avatars, pictures
from core.errors import InvalidRequest, NotFound, PayloadTooLarge


class RawPicture(BaseParser):
    """A body that is the picture itself. Its content tells what it is, and not its media type."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read()


class RawPNG(RawPicture):
    media_type = "image/png"


class RawJPEG(RawPicture):
    media_type = "image/jpeg"


class RawWebP(RawPicture):
    media_type = "image/webp"


class AvatarSerializer(serializers.Serializer[Any]):
    """A picture: PNG, JPEG or WebP of at most 64 kB, 16 to 1024 pixels wide and high."""

    file = BytesField()


@extend_schema(tags=["Chatbots"])
class Avatar(APIView):
    """A chatbot's picture."""

    required_scopes = {"GET": "chatbots:read", "PUT": "chatbots:write", "DELETE": "chatbots:write"}
    parser_classes = (MultiPartParser, RawPNG, RawJPEG, RawWebP)

    @extend_schema(
        operation_id="read_avatar",
        summary="Read a chatbot's picture.",
        responses={(200, media): OpenApiTypes.BINARY for media in pictures.CONTENT_TYPES.values()},
    )
    def get(self, request: Request, chatbot_id: UUID) -> HttpResponse:
        found = avatars.find_avatar(chatbot_id)
        if found is None:
            raise NotFound("This chatbot has no picture.")
        # As a file: opened by itself it is a picture and no page.
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        content_type = pictures.CONTENT_TYPES[found.extension]
        return HttpResponse(found.content, content_type=content_type, headers=headers)

    @extend_schema(
        operation_id="set_avatar",
        summary="Set a chatbot's picture.",
        description="PNG, JPEG or WebP of at most 64 kB, 16 to 1024 pixels wide and high, told by its "
        "content: as the multipart field `file`, or as the body itself. What cameras and editors write "
        "beside the image is not kept. Visitors see it within six minutes.",
        request={
            "multipart/form-data": AvatarSerializer,
            **dict.fromkeys(pictures.CONTENT_TYPES.values(), OpenApiTypes.BINARY),
        },
        responses={204: None, 415: Problem},
    )
    def put(self, request: Request, chatbot_id: UUID) -> Response:
        avatars.set_avatar(chatbot_id=chatbot_id, content=_sent(request), actor=self.actor)
        return Response(status=204)

    @extend_schema(
        operation_id="delete_avatar",
        summary="Remove a chatbot's picture.",
        description="Visitors see the first letter of its name instead.",
        responses={204: None},
    )
    def delete(self, request: Request, chatbot_id: UUID) -> Response:
        if avatars.find_avatar(chatbot_id) is not None:
            avatars.set_avatar(chatbot_id=chatbot_id, content=None, actor=self.actor)
        return Response(status=204)


def _sent(request: Request) -> bytes:
    data: Any = request.data
    if not isinstance(data, bytes):
        sent = [file for _, files in request.FILES.lists() for file in files]
        file = request.FILES.get("file")
        if file is None or len(sent) > 1:
            raise InvalidRequest("Send one picture, in the multipart field “file”.", param="file")
        # Looked at before it is read: a body may be larger than any picture.
        if (file.size or 0) > pictures.MAX_PICTURE_BYTES:
            raise _too_large()
        data = file.read()
    if not data:
        raise InvalidRequest("The picture is empty.", param="file")
    if len(data) > pictures.MAX_PICTURE_BYTES:
        raise _too_large()
    content: bytes = data
    return content


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"A picture has at most {pictures.MAX_PICTURE_BYTES // 1024} kB.")


urlpatterns = [path("v1/chatbots/<uuid:chatbot_id>/avatar", Avatar.as_view())]
