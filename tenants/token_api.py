"""`/v1/auth/token`: tokens for programs that work as a member, on the workspace's own host."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from msgspec import Meta, Struct, to_builtins
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import NotFound, Unauthenticated
from tenants.accounts import authenticate
from tenants.bodies import read_body
from tenants.member_tokens import TokenPair, issue_tokens, revoke, rotate
from tenants.members import find_member
from tenants.throttling import throttle


class Credentials(Struct, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=200)]


class RefreshBody(Struct, forbid_unknown_fields=True):
    refresh: Annotated[str, Meta(max_length=2000)]


class Tokens(Struct):
    """`expires_in`: seconds until the access token is too old."""

    access: str
    refresh: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  (a kind, not a secret)


class _TokenView(APIView):
    permission_classes = [AllowAny]


class ObtainView(_TokenView):
    def post(self, request: Request) -> Response:
        """For an e-mail and a password. Refused alike for what is wrong, and for who is no member."""
        tenant_id = _host_tenant(request._request)
        body = read_body(request._request, Credentials)
        throttle(
            request._request,
            "log-in",
            per_address="60/5m",
            subject=body.email,
            per_subject="10/5m",
        )
        user = authenticate(request._request, email=body.email, password=body.password)
        if find_member(user_id=user.pk, tenant_id=tenant_id) is None:
            raise Unauthenticated("You are not a member of this workspace.")
        return _answer(issue_tokens(user=user, tenant_id=tenant_id))


class RefreshView(_TokenView):
    def post(self, request: Request) -> Response:
        """For a refresh token, which is spent by it."""
        tenant_id = _host_tenant(request._request)
        throttle(request._request, "refresh", per_address="600/5m")
        body = read_body(request._request, RefreshBody)
        return _answer(rotate(raw=body.refresh, tenant_id=tenant_id))


class RevokeView(_TokenView):
    def post(self, request: Request) -> Response:
        """Ends the log-in that a refresh token comes from."""
        tenant_id = _host_tenant(request._request)
        body = read_body(request._request, RefreshBody)
        revoke(raw=body.refresh, tenant_id=tenant_id)
        return Response(status=204)


def _host_tenant(request: HttpRequest) -> UUID:
    tenant_id: Any = request.tenant_id  # type: ignore[attr-defined]
    if tenant_id is None:
        raise NotFound("Ask for tokens on your workspace's own host.")
    return tenant_id  # type: ignore[no-any-return]


def _answer(pair: TokenPair) -> Response:
    tokens = Tokens(pair.access, pair.refresh, pair.expires_in)
    return Response(to_builtins(tokens), headers={"Cache-Control": "no-store"})
