"""`/v1/auth/token`: tokens for programs that work as a member, on the workspace's own host."""

from typing import Annotated, cast
from uuid import UUID

from django.http import HttpRequest
from msgspec import Meta, Struct

from chatbot_saas.api.operations import Call, Operation, Reply, as_json, routes
from core.errors import NotFound
from tenants.limits.forms import throttle
from tenants.people.login import prove_member
from tenants.people.member_tokens import TokenPair, issue_tokens, revoke, rotate
from tenants.requests import TenantRequest


class Credentials(Struct, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=200)]


class RefreshBody(Struct, forbid_unknown_fields=True):
    refresh: Annotated[str, Meta(max_length=2000)]


class Tokens(Struct):
    """`expires_in`: seconds until the access token expires."""

    access: str
    refresh: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  (a kind, not a secret)


def obtain(call: Call) -> Reply:
    """Refused alike for what is wrong, and for who is no member."""
    body: Credentials = call.body
    tenant_id = _host_tenant(call.request)
    user = prove_member(call.request, email=body.email, password=body.password, tenant_id=tenant_id)
    return _answer(issue_tokens(user=user, tenant_id=tenant_id))


def refresh(call: Call) -> Reply:
    tenant_id = _host_tenant(call.request)
    throttle(call.request, "refresh", per_address="600/5m")
    return _answer(rotate(raw=call.body.refresh, tenant_id=tenant_id))


def end(call: Call) -> Reply:
    revoke(raw=call.body.refresh, tenant_id=_host_tenant(call.request))
    return 204, None


def _host_tenant(request: HttpRequest) -> UUID:
    tenant_id = cast(TenantRequest, request).tenant_id
    # A token names one workspace, and only its own host says which.
    if tenant_id is None:
        raise NotFound("Ask for tokens on your workspace's own host.")
    return tenant_id


def _answer(pair: TokenPair) -> Reply:
    return 200, Tokens(pair.access, pair.refresh, pair.expires_in)


_OWN_HOST = "On the workspace's own host alone."
OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/auth/token",
        name="obtain_token",
        tag="Tokens",
        summary="Obtain tokens for a program that works as a member.",
        description=f"{_OWN_HOST} The access token is sent like a key, and has the permissions of the "
        "member's role.",
        scope=None,
        body=Credentials,
        answers={200: as_json(Tokens)},
        errors=(401, 403, 404, 429),
        run=obtain,
    ),
    Operation(
        method="POST",
        path="/v1/auth/token/refresh",
        name="refresh_token",
        tag="Tokens",
        summary="Exchange a refresh token, which works once, for new tokens.",
        description=f"{_OWN_HOST} A refresh token that is used twice revokes its whole session.",
        scope=None,
        body=RefreshBody,
        answers={200: as_json(Tokens)},
        errors=(401, 403, 404, 429),
        run=refresh,
    ),
    Operation(
        method="POST",
        path="/v1/auth/token/revoke",
        name="revoke_token",
        tag="Tokens",
        summary="Revoke the session that a refresh token belongs to.",
        description=_OWN_HOST,
        scope=None,
        body=RefreshBody,
        answers={204: None},
        errors=(401, 403, 404, 429),
        run=end,
    ),
)
urlpatterns = routes(OPERATIONS)
