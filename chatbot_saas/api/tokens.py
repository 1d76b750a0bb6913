"""`/v1/auth/token`: tokens for programs that work as a member, on the workspace's own host."""

from typing import Any, cast
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from chatbot_saas.api.problem import Problem
from chatbot_saas.api.serializing import ClosedSerializer, TextField
from chatbot_saas.api.views import APIView
from core.errors import NotFound
from tenants.limits.forms import throttle
from tenants.people.login import prove_member
from tenants.people.member_tokens import TokenPair, issue_tokens, revoke, rotate
from tenants.requests import TenantRequest

_OWN_HOST = "On the workspace's own host alone."


class CredentialsSerializer(ClosedSerializer):
    """Those of the dashboard."""

    email = TextField(max_length=254)
    password = TextField(max_length=200)


class RefreshBodySerializer(ClosedSerializer):
    """A refresh token, as it was issued last."""

    refresh = TextField(max_length=2000)


class TokensSerializer(serializers.Serializer[TokenPair]):
    """`expires_in`: seconds until the access token expires."""

    access = TextField()
    refresh = TextField()
    expires_in = serializers.IntegerField()
    token_type = TextField(default="Bearer")


class RefreshThrottle(BaseThrottle):
    """Refreshes of one address. It raises for itself: `RateLimited` with the wait."""

    def allow_request(self, request: Request, view: Any) -> bool:
        throttle(request._request, "refresh", per_address="600/5m")
        return True


class TokenView(APIView):
    """What the three have in common: no key, and the host says which workspace."""

    serializer_class: Any = TokensSerializer

    @property
    def tenant_id(self) -> UUID:
        tenant_id = cast(TenantRequest, self.request._request).tenant_id
        # A token names one workspace, and only its own host says which.
        if tenant_id is None:
            raise NotFound("Ask for tokens on your workspace's own host.")
        return tenant_id


_REFUSALS = dict.fromkeys((401, 403, 404, 429), Problem)


@extend_schema(tags=["Tokens"])
class ObtainToken(TokenView):
    @extend_schema(
        operation_id="obtain_token",
        summary="Obtain tokens for a program that works as a member.",
        description=f"{_OWN_HOST} The access token is sent like a key, and has the permissions of the "
        "member's role.",
        request=CredentialsSerializer,
        responses={200: TokensSerializer, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Refused alike for what is wrong, and for who is no member."""
        body = self.read_body(CredentialsSerializer)
        user = prove_member(request._request, tenant_id=self.tenant_id, **body)
        return self.answer(issue_tokens(user=user, tenant_id=self.tenant_id))


@extend_schema(tags=["Tokens"])
class RefreshToken(TokenView):
    throttle_classes = (RefreshThrottle,)

    @extend_schema(
        operation_id="refresh_token",
        summary="Exchange a refresh token, which works once, for new tokens.",
        description=f"{_OWN_HOST} A refresh token that is used twice revokes its whole session.",
        request=RefreshBodySerializer,
        responses={200: TokensSerializer, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        body = self.read_body(RefreshBodySerializer)
        return self.answer(rotate(raw=body["refresh"], tenant_id=self.tenant_id))


@extend_schema(tags=["Tokens"])
class RevokeToken(TokenView):
    @extend_schema(
        operation_id="revoke_token",
        summary="Revoke the session that a refresh token belongs to.",
        description=_OWN_HOST,
        request=RefreshBodySerializer,
        responses={204: None, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        revoke(raw=self.read_body(RefreshBodySerializer)["refresh"], tenant_id=self.tenant_id)
        return Response(status=204)


urlpatterns = [
    path("v1/auth/token", ObtainToken.as_view()),
    path("v1/auth/token/refresh", RefreshToken.as_view()),
    path("v1/auth/token/revoke", RevokeToken.as_view()),
]
