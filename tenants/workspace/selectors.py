"""Reading the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.context import platform_context
from tenants.models import APIKey, Membership
from tenants.workspace.models import AuditEvent


@dataclass(frozen=True, slots=True)
class EventView:
    """One event. `member` is the e-mail address of a member who did it, `key` the name of a key that
    did; `actor` is the id of either, and empty for what the platform did."""

    id: UUID
    action: str
    actor: str
    member: str
    key: str
    target: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first; `next_cursor` leads to the next page."""

    events: tuple[EventView, ...]
    next_cursor: UUID | None


def list_events(*, tenant_id: UUID, limit: int, after: UUID | None = None) -> EventPage:
    """The open tenant's trail; `after` is the `next_cursor` of the page before."""
    found = AuditEvent.objects.order_by("-pk")
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found[: limit + 1])
    members, keys = _names(tenant_id, {row.actor for row in rows})
    events = tuple(
        EventView(
            id=row.pk,
            action=row.action,
            # Others, as an operator's address, are the platform's own business.
            actor=row.actor if _is_id(row.actor) else "",
            member=members.get(row.actor, ""),
            key=keys.get(row.actor, ""),
            target=row.target,
            created_at=row.created_at,
        )
        for row in rows[:limit]
    )
    return EventPage(events, events[-1].id if len(rows) > limit else None)


def _names(tenant_id: UUID, actors: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The tenant's own members' addresses and keys' names, by id."""
    ids = [actor for actor in actors if _is_id(actor)]
    with platform_context():
        members = Membership.objects.filter(tenant_id=tenant_id, user_id__in=ids)
        keys = APIKey.objects.filter(tenant_id=tenant_id, pk__in=ids)
        return (
            {str(pk): email for pk, email in members.values_list("user_id", "user__email")},
            {str(pk): name or hint for pk, name, hint in keys.values_list("pk", "name", "hint")},
        )


def _is_id(actor: str) -> bool:
    try:
        UUID(actor)
    except ValueError:
        return False
    return True
