"""`/v1/keys`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.pagination import Slice
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.serializing import (
    ClosedSerializer,
    KindField,
    MomentField,
    ShortList,
    TextField,
)
from chatbot_saas.api.views import APIView, ListView
from core.cursors import read_id
from core.errors import InvalidRequest, PermissionDenied
from tenants.keys import api_keys
from tenants.keys.makers import Maker
from tenants.models import APIKey

_MAX_NAME_LENGTH = 80


class MakerSerializer(serializers.Serializer[Maker]):
    """Who made a key. `is_member`: whether they still belong to the workspace; `name` and `email` are
    empty when their account is gone. `key_name`: the key that they made it with, empty without one."""

    object = KindField("key_maker")
    user_id = serializers.UUIDField()
    name = TextField()
    email = TextField()
    is_member = serializers.BooleanField()
    key_name = TextField()


class KeySerializer(serializers.Serializer[api_keys.KeyView]):
    """An active API key. `hint` is its beginning and its last four characters; `plain` is the whole
    text of a publishable key, which is public, and null for a secret one; `created_by` is null for what
    the platform made."""

    object = KindField("key")
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(APIKey.Kind.values)
    name = TextField()
    hint = TextField()
    plain = TextField(allow_null=True)
    chatbot_id = serializers.UUIDField(allow_null=True)
    scopes = serializers.ListField(child=TextField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    created_by = MakerSerializer(source="maker", allow_null=True)


class NewKeySerializer(ClosedSerializer):
    """A secret key to create. Its scopes may be those of the key that creates it."""

    name = TextField(max_length=_MAX_NAME_LENGTH, default="")
    scopes = ShortList(
        child=serializers.ChoiceField(sorted(api_keys.SCOPES)), min_length=1, longest=20
    )
    expires_at = MomentField(allow_null=True, default=None)


class IssuedKeySerializer(serializers.Serializer[api_keys.IssuedKey]):
    """A new key. `secret` is its text, which is shown this once."""

    object = KindField("issued_key")
    key = KeySerializer()
    secret = TextField(source="raw")


@extend_schema(tags=["Keys"])
class KeyList(ListView):
    """The workspace's keys."""

    required_scopes = {"GET": "keys:read", "POST": "keys:write"}
    serializer_class = KeySerializer

    @extend_schema(
        operation_id="list_keys",
        summary="List the active keys, newest first.",
        responses=KeySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        after = read_id(cursor) if cursor else None
        page = api_keys.list_keys(self.key.tenant_id, limit=limit, after=after)
        return Slice(page.keys, page.next_cursor)

    @extend_schema(
        operation_id="create_key",
        summary="Create a secret key.",
        description="The answer is the only time that the key's text is shown.",
        request=NewKeySerializer,
        responses={201: IssuedKeySerializer, 409: Problem},
    )
    def post(self, request: Request) -> Response:
        body = self._check(self.read_body(NewKeySerializer))
        issued = api_keys.issue_secret_key(
            tenant_id=self.key.tenant_id,
            name=body["name"].replace("\x00", "").strip(),
            scopes=body["scopes"],
            expires_at=body["expires_at"],
            actor=self.actor,
        )
        return Response(IssuedKeySerializer(issued).data, status=201)

    def _check(self, body: dict[str, Any]) -> dict[str, Any]:
        beyond = set(body["scopes"]) - self.key.scopes
        if beyond:
            raise PermissionDenied(
                f"A key makes no key that may do more: this one lacks {', '.join(sorted(beyond))}."
            )
        end = body["expires_at"]
        if end is not None and not timezone.now() < end < _far():
            raise InvalidRequest(
                "A key ends in the future, within a hundred years.", param="expires_at"
            )
        return body


@extend_schema(tags=["Keys"])
class KeyDetail(APIView):
    """One key."""

    required_scopes = {"DELETE": "keys:write"}

    @extend_schema(
        operation_id="revoke_key",
        summary="Revoke a key, secret or publishable.",
        description="It stops working at once; open chats of a publishable key end within a minute.",
        responses={204: None},
    )
    def delete(self, request: Request, key_id: UUID) -> Response:
        api_keys.revoke_key(tenant_id=self.key.tenant_id, key_id=key_id, actor=self.actor)
        return Response(status=204)


def _far() -> datetime:
    now = timezone.now()
    return now.replace(year=now.year + 100, day=1)


urlpatterns = [
    path("v1/keys", KeyList.as_view()),
    path("v1/keys/<uuid:key_id>", KeyDetail.as_view()),
]
