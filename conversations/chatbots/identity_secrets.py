"""Secrets that a chatbot shares with its customer's server, which signs with them who a visitor is:
made, listed and revoked (in the tenant's context).

A chatbot has at most two, so that one can take the other's place without a gap. Each is an object in the
chatbot's row, sealed; one of the first release is its sealed text alone.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversations.models import Chatbot
from core.crypto import KeyRing, SealBroken
from core.errors import Conflict, InvalidRequest, NotFound
from core.ids import new_id
from tenants.context import current_tenant_id, platform_context
from tenants.keys.makers import Maker, describe_makers, find_origin, lock_keys
from tenants.people.takeover import ends_with_claims
from tenants.schemas.moving import Move, moves_along
from tenants.workspace.changes import compare
from tenants.workspace.services import SYSTEM, record_event

log = logging.getLogger(__name__)

MAX_SECRETS = 2
_MIN_SECRET_LENGTH = 32
_RANDOM_BYTES = 32
_PREFIX = "cb_is_live_"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySecret:
    """A secret as its workspace sees it. `hint` is its last four characters; `created_at` is None for one
    of the first release, `maker` for one that the platform made."""

    id: UUID
    hint: str
    created_at: datetime | None
    maker: Maker | None

    @property
    def is_orphan(self) -> bool:
        """Whether whoever made it is no member any more, and may still know it."""
        return self.maker is not None and not self.maker.is_member


@dataclass(frozen=True, slots=True)
class IssuedIdentitySecret:
    """A new secret. `raw` is the only time that its text exists."""

    secret: IdentitySecret
    raw: str


@dataclass(frozen=True, slots=True)
class _Made:
    """Whose doing an entry is, as `describe_makers` asks."""

    pk: UUID
    maker_id: UUID | None
    made_with_id: UUID | None


def list_identity_secrets(chatbot_id: UUID) -> list[IdentitySecret]:
    """Oldest first. Raises `NotFound` for a chatbot that this tenant does not have."""
    return _views(_entries_of(Chatbot.objects.filter(pk=chatbot_id).first()))


def create_identity_secret(*, chatbot_id: UUID, actor: str = SYSTEM) -> IssuedIdentitySecret:
    """A new one of 256 random bits. Raises `NotFound`, `Conflict` for a third, and what `find_origin`
    does."""
    tenant_id = current_tenant_id()
    raw = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    with transaction.atomic():
        # Like a key: whoever was let in a moment ago is looked at again.
        with platform_context():
            lock_keys(tenant_id)
            origin = find_origin(tenant_id, actor)
        chatbot = _lock(chatbot_id)
        entries = _entries_of(chatbot)
        if len(entries) >= MAX_SECRETS:
            raise Conflict(
                f"A chatbot has at most {MAX_SECRETS} identity secrets: one in use, and one to put in "
                "its place. Revoke one first."
            )
        entry = {
            "id": str(new_id()),
            "sealed": seal_identity_secret(raw, tenant_id=tenant_id, chatbot_id=chatbot_id),
            "hint": raw[-4:],
            "created_at": timezone.now().isoformat(),
            "maker_id": _text(origin.maker_id),
            "made_with_id": _text(origin.made_with_id),
        }
        _keep(chatbot, [*chatbot.identity_secrets, entry])
        _record("identity_secret.created", actor, chatbot, entry)
        return IssuedIdentitySecret(_views([entry])[0], raw)


def revoke_identity_secret(*, chatbot_id: UUID, secret_id: UUID, actor: str = SYSTEM) -> None:
    """What is signed with it names nobody from now on. Raises `NotFound`."""
    with transaction.atomic():
        chatbot = _lock(chatbot_id)
        if not _drop(chatbot, lambda entry: entry["id"] == str(secret_id), actor):
            raise NotFound("This chatbot has no such identity secret.")


@ends_with_claims
def _end_secrets(makers: Collection[UUID] | None, actor: str) -> None:
    """Those that these users made, by themselves or with these keys; without `makers` all of them."""
    known = None if makers is None else {str(each) for each in makers}
    with transaction.atomic():
        for chatbot in Chatbot.objects.select_for_update().exclude(identity_secrets=[]):
            _drop(
                chatbot,
                lambda entry: (
                    known is None
                    or bool(known & {entry.get("maker_id"), entry.get("made_with_id")})
                ),
                actor,
            )


def seal_identity_secret(secret: str, *, tenant_id: UUID, chatbot_id: UUID) -> str:
    """The stored form of a shared secret. Raises `InvalidRequest` for one that can be guessed."""
    if len(secret) < _MIN_SECRET_LENGTH:
        raise InvalidRequest(
            f"An identity secret has at least {_MIN_SECRET_LENGTH} characters.", param="secret"
        )
    ring: KeyRing = settings.SEALING_KEYS
    return ring.seal(secret, place=_place(tenant_id, chatbot_id))


def open_identity_secrets(
    sealed_secrets: Sequence[str], *, tenant_id: UUID, chatbot_id: UUID
) -> list[str]:
    """Those that this server's keys open."""
    ring: KeyRing = settings.SEALING_KEYS
    opened = []
    for sealed in sealed_secrets[:MAX_SECRETS]:
        try:
            opened.append(ring.open(sealed, place=_place(tenant_id, chatbot_id)))
        except SealBroken:
            log.error("an identity secret cannot be opened: is SECRET_KEY_FALLBACKS complete?")
    return opened


@moves_along
def _seal_anew(move: Move) -> list[str]:
    """What was sealed for another workspace's place opens there alone, so it is sealed for the new one.
    What this server's keys do not open is left out there, and kept where it can still be opened."""
    closed = 0
    for chatbot in Chatbot.objects.exclude(identity_secrets=[]):
        kept: list[Entry | str] = []
        for entry in chatbot.identity_secrets:
            sealed = entry if isinstance(entry, str) else entry["sealed"]
            place = {"tenant_id": move.old_id, "chatbot_id": chatbot.pk}
            opened = open_identity_secrets([sealed], **place)
            closed += not opened
            if move.old_id != move.new_id:
                sealed = "".join(
                    seal_identity_secret(raw, tenant_id=move.new_id, chatbot_id=chatbot.pk)
                    for raw in opened
                )
            if sealed:
                kept.append(_moved(entry, sealed, move))
        _keep(chatbot, kept)
    if not closed:
        return []
    what = "are kept sealed" if move.old_id == move.new_id else "were left out: make new ones"
    return [
        f"{closed} identity secrets do not open with this server's SECRET_KEY, and {what}. Put the "
        "SECRET_KEY that sealed them into SECRET_KEY_FALLBACKS."
    ]


def _moved(entry: Entry | str, sealed: str, move: Move) -> Entry | str:
    if isinstance(entry, str):
        return sealed
    maker = entry.get("maker_id")
    if maker is not None and UUID(maker) in move.people:
        maker = str(move.people[UUID(maker)])
    return {**entry, "sealed": sealed, "maker_id": maker}


def _place(tenant_id: UUID, chatbot_id: UUID) -> str:
    return f"{tenant_id}|conversations_chatbot|{chatbot_id}|identity_secrets"


def _lock(chatbot_id: UUID) -> Chatbot:
    found = Chatbot.objects.select_for_update().filter(pk=chatbot_id).first()
    if found is None:
        raise NotFound("There is no such chatbot.")
    return found


def _entries_of(chatbot: Chatbot | None) -> list[Entry]:
    if chatbot is None:
        raise NotFound("There is no such chatbot.")
    return [_entry(chatbot, stored) for stored in chatbot.identity_secrets]


def _entry(chatbot: Chatbot, stored: Entry | str) -> Entry:
    if not isinstance(stored, str):
        return stored
    place = {"tenant_id": current_tenant_id(), "chatbot_id": chatbot.pk}
    opened = open_identity_secrets([stored], **place)
    # Made of the text, so that it is the same whenever it is asked for.
    known = {"id": str(uuid5(chatbot.pk, stored)), "sealed": stored}
    return {**known, "hint": opened[0][-4:] if opened else "", "created_at": None}


def _drop(chatbot: Chatbot, is_meant: Callable[[Entry], bool], actor: str) -> bool:
    """Whether there was one."""
    entries = _entries_of(chatbot)
    gone = [entry for entry in entries if is_meant(entry)]
    if gone:
        _keep(chatbot, [entry for entry in entries if entry not in gone])
    for entry in gone:
        _record("identity_secret.revoked", actor, chatbot, entry)
    return bool(gone)


def _keep(chatbot: Chatbot, entries: Sequence[Entry | str]) -> None:
    chatbot.identity_secrets = list(entries)
    chatbot.save(update_fields=["identity_secrets"])


def _record(action: str, actor: str, chatbot: Chatbot, entry: Entry) -> None:
    # Its last four characters tell people which one it was, and nobody the rest.
    told = {"hint": f"…{entry['hint']}"}
    changes = compare({}, told) if action.endswith("created") else compare(told, {})
    record_event(
        action=action,
        actor=actor,
        target=entry["id"],
        name=chatbot.name,
        changes=changes,
        chatbot=str(chatbot.pk),
    )


def _views(entries: Sequence[Entry]) -> list[IdentitySecret]:
    made = [
        _Made(UUID(entry["id"]), _id(entry.get("maker_id")), _id(entry.get("made_with_id")))
        for entry in entries
    ]
    tenant_id = current_tenant_id()
    with platform_context():
        makers = describe_makers(tenant_id, made)
    return [
        IdentitySecret(
            id=each.pk,
            hint=entry["hint"],
            created_at=entry["created_at"] and datetime.fromisoformat(entry["created_at"]),
            maker=makers.get(each.pk),
        )
        for each, entry in zip(made, entries, strict=True)
    ]


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
