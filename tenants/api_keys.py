"""Per-tenant API keys: `cb_<kind>_live_<32 base62>_<6 base62 of CRC32>`.

The checksum lets a scanner, and us, tell a key from a look-alike without asking the database. A
secret key is stored as its SHA-256 and shown once; a publishable key stands in a web page anyway.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from core.errors import InvalidRequest, NotFound, TenantSuspended, Unauthenticated
from tenants.context import platform_context
from tenants.models import APIKey, Tenant

SCOPES = frozenset({"chat", "documents:read", "documents:write"})
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PREFIXES = {"secret": "cb_sk_live_", "publishable": "cb_pk_live_"}
_FORM = re.compile(r"(cb_(?:sk|pk)_live_[0-9A-Za-z]{32})_([0-9A-Za-z]{6})")
_UNKNOWN = "This API key is not known, was revoked or has expired. Create one in the dashboard."
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class APIKeyIdentity:
    """Who a valid key speaks for."""

    key_id: UUID
    tenant_id: UUID
    kind: Literal["secret", "publishable"]
    scopes: frozenset[str]
    chatbot_id: UUID | None


def _base62(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def is_well_formed(raw: str) -> bool:
    """Whether the text has the form of a key and its checksum fits."""
    match = _FORM.fullmatch(raw)
    return match is not None and secrets.compare_digest(_checksum(match[1]), match[2])


def generate(kind: Literal["secret", "publishable"]) -> str:
    """A new key's text: 190 random bits."""
    body = _PREFIXES[kind] + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return f"{body}_{_checksum(body)}"


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def _hint(raw: str) -> str:
    return f"{raw[:11]}…{raw[-4:]}"


def mint_secret_key(
    *,
    tenant_id: UUID,
    name: str = "",
    scopes: Iterable[str] = SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """A new secret key. The return value is the only time that its text exists.

    Raises `InvalidRequest` for a scope that does not exist.
    """
    chosen = sorted(set(scopes))
    unknown = set(chosen) - SCOPES
    if unknown:
        raise InvalidRequest(
            f"There is no scope {', '.join(sorted(unknown))}. Scopes are {', '.join(sorted(SCOPES))}.",
            param="scopes",
        )
    raw = generate("secret")
    with platform_context():
        APIKey.objects.create(
            tenant_id=tenant_id,
            kind=APIKey.Kind.SECRET,
            name=name,
            digest=_digest(raw),
            hint=_hint(raw),
            scopes=chosen,
            expires_at=expires_at,
        )
    return raw


def mint_publishable_key(*, tenant_id: UUID, chatbot_id: UUID, name: str = "") -> str:
    """A key for one chatbot's widget."""
    raw = generate("publishable")
    with platform_context():
        APIKey.objects.create(
            tenant_id=tenant_id,
            kind=APIKey.Kind.PUBLISHABLE,
            name=name,
            digest=_digest(raw),
            hint=_hint(raw),
            plain=raw,
            chatbot_id=chatbot_id,
            scopes=["chat"],
        )
    return raw


def revoke_key(*, tenant_id: UUID, key_id: UUID) -> None:
    """End a key now. Raises `NotFound` for a key that is not this tenant's."""
    with platform_context():
        found = APIKey.objects.filter(pk=key_id, tenant_id=tenant_id, revoked_at=None)
        if not found.update(revoked_at=timezone.now()):
            raise NotFound("There is no such API key.")


def _live(now: datetime) -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def authenticate(raw: str) -> APIKeyIdentity:
    """The identity behind a key's text.

    Raises `Unauthenticated` alike for a malformed, unknown, revoked and expired key, and
    `TenantSuspended` when the key is good and its tenant is not.
    """
    if not is_well_formed(raw):
        raise Unauthenticated(_UNKNOWN)
    now = timezone.now()
    with platform_context():
        key = (
            APIKey.objects.filter(_live(now), digest=_digest(raw)).select_related("tenant").first()
        )
        if key is None or key.tenant.status == Tenant.Status.ERASING:
            raise Unauthenticated(_UNKNOWN)
        if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
            APIKey.objects.filter(pk=key.pk).update(last_used_at=now)
    if key.tenant.status != Tenant.Status.ACTIVE:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    return APIKeyIdentity(
        key_id=key.pk,
        tenant_id=key.tenant_id,
        kind="secret" if key.kind == APIKey.Kind.SECRET else "publishable",
        scopes=frozenset(key.scopes),
        chatbot_id=key.chatbot_id,
    )


def is_live(key_id: UUID) -> bool:
    """Whether a key that was accepted before still is, its tenant being active: for open sockets."""
    with platform_context():
        return APIKey.objects.filter(
            _live(timezone.now()), pk=key_id, tenant__status=Tenant.Status.ACTIVE
        ).exists()
