"""Writing the audit trail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.context import current_tenant_id, platform_context
from tenants.models import APIKey, User
from tenants.workspace.caller import caller_address
from tenants.workspace.changes import Changes
from tenants.workspace.models import AuditEvent

# The actor of what nobody asked for: set-up, commands.
SYSTEM = "system"
_MAX_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry without what anything is called."""

    action: str
    actor: str
    actor_kind: str
    target: str
    changes: Changes


_listeners: list[Callable[[Recorded], None]] = []


def on_recorded(tell: Callable[[Recorded], None]) -> None:
    """Register what hears of every entry, in its transaction."""
    _listeners.append(tell)


@dataclass(frozen=True, slots=True)
class _Actor:
    kind: AuditEvent.Kind
    name: str = ""
    address: str = ""


_PLATFORM = _Actor(AuditEvent.Kind.PLATFORM)


def record_event(
    *,
    action: str,
    actor: str,
    target: str = "",
    name: str = "",
    changes: Changes | None = None,
    unnamed: bool = False,
    **data: Any,
) -> None:
    """Append one audit event to the open tenant's trail, in the transaction of what it tells of.

    `actor` is a user's or key's id, or `SYSTEM`; `name` is the target's. `changes` are what `compare`
    makes, for the workspace's owner to read; `data` is not shown. Neither may hold a secret. `unnamed`
    leaves out what the actor is called: somebody who does not belong here is known by address alone.
    """
    who, address = _describe(actor), caller_address()
    if who.kind == AuditEvent.Kind.PLATFORM:
        # Where the platform's own people sit is none of the workspace's business, so it is not shown.
        data, address = {**data, "ip": address} if address else data, ""
    AuditEvent.objects.create(
        action=action,
        actor=actor,
        actor_kind=who.kind,
        actor_name="" if unnamed else who.name,
        actor_address=who.address,
        ip=address,
        target=target,
        target_name=name[:_MAX_NAME_LENGTH],
        data={**data, "changes": changes} if changes else data,
    )
    for tell in _listeners:
        tell(Recorded(action, actor, who.kind, target, changes or {}))


def name_actor(actor: str) -> str:
    """What an actor is called today, of a person without a name the address; empty for the platform."""
    who = _describe(actor)
    return who.name or who.address


def _describe(actor: str) -> _Actor:
    """Who an actor is today: tomorrow they may have left, and their account be gone."""
    try:
        actor_id = UUID(actor)
    except ValueError:
        return _PLATFORM
    tenant_id = current_tenant_id()
    with platform_context():
        person = User.objects.filter(pk=actor_id).only("name", "email").first()
        if person is not None:
            return _Actor(AuditEvent.Kind.MEMBER, person.name, person.email)
        key = APIKey.objects.filter(pk=actor_id, tenant_id=tenant_id).only("name", "hint").first()
    return _Actor(AuditEvent.Kind.KEY, key.name if key else "", key.hint if key else "")
