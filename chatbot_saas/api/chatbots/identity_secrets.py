"""`/v1/chatbots/{chatbot_id}/identity_secrets`."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.keys import MakerSerializer
from chatbot_saas.api.pagination import Slice, WholeList
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.serializing import KindField, TextField
from chatbot_saas.api.views import APIView, ListView
from conversations.chatbots import identity_secrets as service


class IdentitySecretSerializer(serializers.Serializer[service.IdentitySecret]):
    """A secret with which the customer's server signs who a visitor is. `hint` is its last four
    characters; `created_at` is null for one of the first release, `created_by` for what the platform
    made."""

    object = KindField("identity_secret")
    id = serializers.UUIDField()
    hint = TextField()
    created_at = serializers.DateTimeField(allow_null=True)
    created_by = MakerSerializer(source="maker", allow_null=True)


class IssuedIdentitySecretSerializer(serializers.Serializer[service.IssuedIdentitySecret]):
    """A new identity secret. `secret` is its text, which is shown this once."""

    object = KindField("issued_identity_secret")
    identity_secret = IdentitySecretSerializer(source="secret")
    secret = TextField(source="raw")


@extend_schema(tags=["Chatbots"])
class IdentitySecretList(ListView):
    """Those of one chatbot."""

    required_scopes = {"GET": "keys:read", "POST": "keys:write"}
    serializer_class = IdentitySecretSerializer
    pagination_class = WholeList

    @extend_schema(
        operation_id="list_identity_secrets",
        summary="List a chatbot's identity secrets, oldest first.",
        description="There are at most two, so the list is always whole.",
        responses=IdentitySecretSerializer(many=True),
    )
    def get(self, request: Request, chatbot_id: UUID) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        return Slice(service.list_identity_secrets(self.kwargs["chatbot_id"]), None)

    @extend_schema(
        operation_id="create_identity_secret",
        summary="Create an identity secret of a chatbot.",
        description="The answer is the only time that its text is shown. A chatbot has at most two, so "
        "that one can take the other's place; a third is refused with 409.",
        request=None,
        responses={201: IssuedIdentitySecretSerializer, 409: Problem},
    )
    def post(self, request: Request, chatbot_id: UUID) -> Response:
        issued: Any = service.create_identity_secret(chatbot_id=chatbot_id, actor=self.actor)
        return Response(IssuedIdentitySecretSerializer(issued).data, status=201)


@extend_schema(tags=["Chatbots"])
class IdentitySecretDetail(APIView):
    """One of them."""

    required_scopes = {"DELETE": "keys:write"}

    @extend_schema(
        operation_id="revoke_identity_secret",
        summary="Revoke an identity secret.",
        description="Tokens that are signed with it open no session any more. Those that are open go on.",
        responses={204: None},
    )
    def delete(self, request: Request, chatbot_id: UUID, secret_id: UUID) -> Response:
        service.revoke_identity_secret(chatbot_id=chatbot_id, secret_id=secret_id, actor=self.actor)
        return Response(status=204)


_LIST = "v1/chatbots/<uuid:chatbot_id>/identity_secrets"
urlpatterns = [
    path(_LIST, IdentitySecretList.as_view()),
    path(f"{_LIST}/<uuid:secret_id>", IdentitySecretDetail.as_view()),
]
