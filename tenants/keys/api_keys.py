"""Per-tenant API keys: `cb_<kind>_live_<32 base62>_<6 base62 of CRC32>`.

The checksum lets a scanner, and us, tell a key from a look-alike without asking the database. A
secret key is stored as its SHA-256 and shown once; a publishable key stands in a web page anyway.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import analytics
from core.errors import Conflict, InvalidRequest, NotFound, TenantSuspended, Unauthenticated
from core.names import check_name
from tenants.context import platform_context, tenant_context
from tenants.keys.makers import Maker, describe_makers, find_origin, lock_keys
from tenants.models import APIKey, Tenant
from tenants.notices import Notice, Subject, send_after_commit
from tenants.workspace.changes import Changes, given
from tenants.workspace.services import SYSTEM, record_event

SCOPES = frozenset(
    {
        *("chat", "documents:read", "documents:write", "chatbots:read", "chatbots:write"),
        *("conversations:read", "conversations:write", "usage:read", "usage:write"),
        *("keys:read", "keys:write"),
    }
)
# Live ones. A list of them is read whole by whoever looks after them.
MAX_KEYS = 500
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

    @property
    def is_public(self) -> bool:
        """Whether it stands in a page, where anybody can read it."""
        return self.kind == "publishable"


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
    # `secrets`, as everything that lets somebody in is made.
    body = _PREFIXES[kind] + "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return f"{body}_{_checksum(body)}"


def digest_of(raw: str) -> str:
    # Fast on purpose: there is nothing to guess in 190 random bits.
    return hashlib.sha256(raw.encode()).hexdigest()


def _hint(raw: str) -> str:
    return f"{raw[:11]}…{raw[-4:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A live key as its workspace sees it. `hint` is its beginning and its last four characters;
    `plain` is the whole text, of a publishable key alone; `maker` is None for what the platform made."""

    id: UUID
    kind: str
    name: str
    hint: str
    plain: str | None
    chatbot_id: UUID | None
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    maker: Maker | None

    @property
    def is_orphan(self) -> bool:
        """Whether it works for somebody who is no member any more."""
        return self.maker is not None and not self.maker.is_member


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Keys, newest first; `next_cursor` leads to the next page."""

    keys: tuple[KeyView, ...]
    next_cursor: UUID | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `raw` is the only time that a secret key's text exists."""

    key: KeyView
    raw: str


def issue_secret_key(
    *,
    tenant_id: UUID,
    name: str = "",
    scopes: Iterable[str] = SCOPES,
    expires_at: datetime | None = None,
    actor: str = SYSTEM,
) -> IssuedKey:
    """A new secret key. Raises `InvalidRequest` for a scope that does not exist or a name that is none,
    `Conflict` for one key too many, and what `find_origin` does."""
    check_name(name)
    raw = generate("secret")
    return _store(
        raw,
        tenant_id=tenant_id,
        actor=actor,
        kind=APIKey.Kind.SECRET,
        name=name,
        scopes=_known_scopes(scopes),
        expires_at=expires_at,
    )


def mint_secret_key(
    *,
    tenant_id: UUID,
    name: str = "",
    scopes: Iterable[str] = SCOPES,
    expires_at: datetime | None = None,
    actor: str = SYSTEM,
) -> str:
    """The text of a new secret key; see `issue_secret_key`."""
    return issue_secret_key(
        tenant_id=tenant_id, name=name, scopes=scopes, expires_at=expires_at, actor=actor
    ).raw


def mint_publishable_key(
    *, tenant_id: UUID, chatbot_id: UUID, name: str = "", actor: str = SYSTEM
) -> str:
    """A key for one chatbot's widget."""
    raw = generate("publishable")
    return _store(
        raw,
        tenant_id=tenant_id,
        actor=actor,
        kind=APIKey.Kind.PUBLISHABLE,
        name=name,
        plain=raw,
        chatbot_id=chatbot_id,
        scopes=["chat"],
    ).raw


def _known_scopes(scopes: Iterable[str]) -> list[str]:
    chosen = set(scopes)
    # Named, because a scope that is silently dropped is found out in production.
    unknown = ", ".join(sorted(chosen - SCOPES))
    if unknown or not chosen:
        problem = f"There is no scope {unknown}." if unknown else "A key needs a scope."
        raise InvalidRequest(f"{problem} Scopes are {', '.join(sorted(SCOPES))}.", param="scopes")
    return sorted(chosen)


def _store(raw: str, *, tenant_id: UUID, actor: str, **fields: Any) -> IssuedKey:
    with platform_context(), transaction.atomic():
        lock_keys(tenant_id)
        if APIKey.objects.live().filter(tenant_id=tenant_id).count() >= MAX_KEYS:
            raise Conflict(f"A workspace has at most {MAX_KEYS} keys. Revoke one first.")
        origin = find_origin(tenant_id, actor)
        key = APIKey.objects.create(
            tenant_id=tenant_id,
            digest=digest_of(raw),
            hint=_hint(raw),
            maker_id=origin.maker_id,
            made_with_id=origin.made_with_id,
            **fields,
        )
        made_with = given(scopes=fields["scopes"], expires_at=key.expires_at)
        _record("key.created", actor, key, made_with)
        analytics.track("key_created", tenant_id=tenant_id, key_id=key.pk, kind=str(key.kind))
        return IssuedKey(_views(tenant_id, [key])[0], raw)


def _record(action: str, actor: str, key: APIKey, changes: Changes | None = None) -> None:
    with tenant_context(key.tenant_id):
        name = key.name or key.hint
        record_event(action=action, actor=actor, target=str(key.pk), name=name, changes=changes)


def _views(tenant_id: UUID, keys: Sequence[APIKey]) -> tuple[KeyView, ...]:
    makers = describe_makers(tenant_id, keys)
    return tuple(_view(key, makers.get(key.pk)) for key in keys)


def _view(key: APIKey, maker: Maker | None) -> KeyView:
    return KeyView(
        id=key.pk,
        kind=key.kind,
        name=key.name,
        hint=key.hint,
        plain=key.plain or None,
        chatbot_id=key.chatbot_id,
        scopes=tuple(sorted(key.scopes)),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        maker=maker,
    )


def list_keys(tenant_id: UUID, *, limit: int = MAX_KEYS, after: UUID | None = None) -> KeyPage:
    """A workspace's live keys; `after` is the `next_cursor` of the page before."""
    with platform_context():
        keys = APIKey.objects.live().filter(tenant_id=tenant_id).order_by("-pk")
        if after is not None:
            keys = keys.filter(pk__lt=after)
        found = _views(tenant_id, list(keys[: limit + 1]))
    return KeyPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def revoke_key(*, tenant_id: UUID, key_id: UUID, actor: str = SYSTEM) -> None:
    """End a key now. Raises `NotFound` for a key that is not this tenant's."""
    with platform_context(), transaction.atomic():
        # One that makes another key right now is waited for, or finds itself revoked.
        lock_keys(tenant_id)
        found = APIKey.objects.filter(pk=key_id, tenant_id=tenant_id, revoked_at=None)
        if not found.update(revoked_at=timezone.now()):
            raise NotFound("There is no such API key.")
        _record("key.revoked", actor, APIKey.objects.get(pk=key_id))
        send_after_commit([Notice(tenant_id, Subject.KEY, key_id)])


def revoke_keys(
    *, tenant_id: UUID, key_ids: Collection[UUID] | None = None, actor: str = SYSTEM
) -> None:
    """End these keys of a workspace now; None are all that it has."""
    with platform_context(), transaction.atomic():
        lock_keys(tenant_id)
        found = APIKey.objects.filter(tenant_id=tenant_id, revoked_at=None)
        if key_ids is not None:
            found = found.filter(pk__in=key_ids)
        keys = list(found)
        _end(tenant_id, found)
        for key in keys:
            _record("key.revoked", actor, key)


def revoke_keys_of_maker(
    *, tenant_id: UUID, user_id: UUID, kinds: Collection[str], actor: str
) -> None:
    """End a person's live keys of these kinds, in one transaction."""
    with platform_context(), transaction.atomic():
        lock_keys(tenant_id)
        found = APIKey.objects.live().filter(
            tenant_id=tenant_id, maker_id=user_id, kind__in=tuple(kinds)
        )
        for key in found.order_by("pk"):
            revoke_key(tenant_id=tenant_id, key_id=key.pk, actor=actor)


def revoke_keys_of_chatbot(*, tenant_id: UUID, chatbot_id: UUID) -> None:
    """End the publishable keys of a chatbot that is no more."""
    with platform_context(), transaction.atomic():
        found = APIKey.objects.filter(tenant_id=tenant_id, chatbot_id=chatbot_id, revoked_at=None)
        _end(tenant_id, found)


def _end(tenant_id: UUID, keys: QuerySet[APIKey]) -> None:
    key_ids = list(keys.values_list("pk", flat=True))
    keys.update(revoked_at=timezone.now())
    send_after_commit([Notice(tenant_id, Subject.KEY, key_id) for key_id in key_ids])


def authenticate(raw: str) -> APIKeyIdentity:
    """The identity behind a key's text.

    Raises `Unauthenticated` alike for a malformed, unknown, revoked and expired key, and
    `TenantSuspended` when the key is good and its tenant is not.
    """
    # Before the database is asked: typing errors and scanners cost nothing.
    if not is_well_formed(raw):
        raise Unauthenticated(_UNKNOWN)
    now = timezone.now()
    with platform_context():
        found = APIKey.objects.live().filter(digest=digest_of(raw)).select_related("tenant")
        # `first` would sort what is one row at most, which is a quarter of the time that this takes.
        key = next(iter(found[:1]), None)
        if key is None or key.tenant.status == Tenant.Status.ERASING:
            raise Unauthenticated(_UNKNOWN)
        # Once a minute, so that a busy key does not write with each request.
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


def find_live_keys(key_ids: Collection[UUID]) -> set[UUID]:
    """Those of these keys that still count, their tenants being active: for open sockets."""
    with platform_context():
        usable = APIKey.objects.live().filter(tenant__status=Tenant.Status.ACTIVE)
        return set(usable.filter(pk__in=key_ids).values_list("pk", flat=True))
