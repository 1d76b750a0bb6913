"""Tokens for programs that work as a member: an access token for minutes, a refresh token for days.

Both name their tenant (`tid`), their audience and a fingerprint of the password they were obtained
with, so that changing it ends them. A refresh token works once. Using one twice means that somebody
else has it too, and ends every token that descends from the same log-in.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, UntypedToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from core.errors import TenantSuspended, Unauthenticated
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import SCOPES
from tenants.models import User
from tenants.people.members import Member, find_member
from tenants.people.roles import PERMISSIONS, may
from tenants.workspace.services import record_event

_UNKNOWN = "This token is not known here or is too old. Obtain a new one."


@dataclass(frozen=True, slots=True)
class MemberPrincipal:
    """A member who works with a program. It may do what a secret key with these scopes may."""

    user_id: UUID
    tenant_id: UUID
    scopes: frozenset[str]
    # Whether the person has proved their address.
    confirmed: bool
    kind: Literal["member"] = "member"
    chatbot_id: None = None

    @property
    def key_id(self) -> UUID:
        """What the audit trail and the rates know the caller by, as by a key's id."""
        return self.user_id

    @property
    def is_public(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class TokenPair:
    """`expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


def _fingerprint(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]


def issue_tokens(*, user: User, tenant_id: UUID) -> TokenPair:
    """A first pair for who has just proved to be this member. Platform context is opened here."""
    with platform_context(), transaction.atomic():
        pair = _issue(user, tenant_id, family=secrets.token_hex(16))
        _record(tenant_id, "login.token_obtained", str(user.pk))
    return pair


def _record(tenant_id: UUID, action: str, user_id: str) -> None:
    with tenant_context(tenant_id):
        record_event(action=action, actor=user_id)


def _issue(user: User, tenant_id: UUID, family: str) -> TokenPair:
    # A changed password ends every token, without a table of them being asked.
    claims = {"tid": tenant_id.hex, "pwd": _fingerprint(user), "fam": family}
    refresh = RefreshToken()
    refresh["sub"] = str(user.pk)
    for name, value in claims.items():
        refresh[name] = value
    # Not the token's text, which would let a reader of the table in; the family, to end it whole.
    OutstandingToken.objects.create(
        user=user,
        jti=refresh["jti"],
        token=family,
        created_at=timezone.now(),
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    access = refresh.access_token
    return TokenPair(str(access), str(refresh), int(access.lifetime.total_seconds()))


def rotate(*, raw: str, tenant_id: UUID) -> TokenPair:
    """A new pair for a refresh token that was not used yet. Raises `Unauthenticated`."""
    claims = _read_refresh(raw, tenant_id)
    with platform_context():
        with transaction.atomic():
            pair = _exchange(claims, tenant_id)
        if pair is None:
            _end_family(claims, tenant_id, "login.token_used_twice")
    if pair is None:
        raise Unauthenticated(_UNKNOWN)
    return pair


def _exchange(claims: dict[str, Any], tenant_id: UUID) -> TokenPair | None:
    """None when the token was used before. The row's lock lets one of several callers be first."""
    row = OutstandingToken.objects.select_for_update().filter(jti=claims["jti"]).first()
    if row is None:
        raise Unauthenticated(_UNKNOWN)
    if not BlacklistedToken.objects.get_or_create(token=row)[1]:
        return None
    user, _ = _member_of(claims, tenant_id)
    return _issue(user, tenant_id, claims["fam"])


def revoke(*, raw: str, tenant_id: UUID) -> None:
    """End the log-in that a refresh token descends from. Raises `Unauthenticated`."""
    claims = _read_refresh(raw, tenant_id)
    with platform_context():
        _end_family(claims, tenant_id, "login.token_revoked")


def _end_family(claims: dict[str, Any], tenant_id: UUID, action: str) -> None:
    open_tokens = OutstandingToken.objects.filter(token=claims["fam"], blacklistedtoken=None)
    with transaction.atomic():
        # Whoever stole the token and whoever owns it both have to log in again.
        ended = [BlacklistedToken.objects.get_or_create(token=row) for row in open_tokens]
        # Once: a token of a log-in that is over may be sent again and again.
        if ended:
            _record(tenant_id, action, str(claims["sub"]))


def identify(raw: str, *, tenant_id: UUID | None) -> MemberPrincipal:
    """The member whose access token this is; `tenant_id` is the host's, None on the platform's.

    Raises `Unauthenticated`, and `TenantSuspended` when the token is good and its tenant is not.
    """
    try:
        claims: dict[str, Any] = AccessToken(cast(Any, raw)).payload
    except TokenError as error:
        raise Unauthenticated(_UNKNOWN) from error
    owner = _tenant_of(claims)
    if tenant_id is not None and owner != tenant_id:
        raise Unauthenticated(_UNKNOWN)
    user, member = _member_of(claims, owner)
    if member.suspended:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    # As far as the role reaches today, whatever it was when the token was made.
    reach = {each for each in PERMISSIONS if may(member.role, each)} | {"chat"}
    return MemberPrincipal(
        user_id=user.pk, tenant_id=owner, scopes=SCOPES & reach, confirmed=member.confirmed
    )


def _read_refresh(raw: str, tenant_id: UUID) -> dict[str, Any]:
    try:
        # Not as a RefreshToken: that would refuse a used one before its family could be ended.
        claims: dict[str, Any] = UntypedToken(cast(Any, raw)).payload
    except TokenError as error:
        raise Unauthenticated(_UNKNOWN) from error
    if claims.get("token_type") != RefreshToken.token_type or _tenant_of(claims) != tenant_id:
        raise Unauthenticated(_UNKNOWN)
    return claims


def _tenant_of(claims: dict[str, Any]) -> UUID:
    try:
        return UUID(str(claims.get("tid")))
    except ValueError as error:
        raise Unauthenticated(_UNKNOWN) from error


def _member_of(claims: dict[str, Any], tenant_id: UUID) -> tuple[User, Member]:
    with platform_context():
        user = User.objects.filter(pk=str(claims.get("sub")), is_active=True).first()
    member = find_member(user_id=user.pk, tenant_id=tenant_id) if user else None
    if user is None or member is None or claims.get("pwd") != _fingerprint(user):
        raise Unauthenticated(_UNKNOWN)
    return user, member
