"""Reading the audit trail."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from tenants.workspace.models import AuditEvent

# A list to choose from; with more the page says to search for the name.
MAX_ACTORS = 200


@dataclass(frozen=True, slots=True)
class Who:
    """Who did something, as they were called then. `kind` is `member`, `key` or `platform`, of which
    `id`, `name` and `address` are empty; `address` is an e-mail address or a key's hint."""

    kind: str
    id: str = ""
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one value was and became."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One event. `target` is the id of what it was done to, `target_name` what that was called then."""

    id: UUID
    action: str
    who: Who
    ip: str
    target: str
    target_name: str
    changes: tuple[Change, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first; `next_cursor` leads to the next page."""

    events: tuple[EventView, ...]
    next_cursor: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted. `text` stands in names, addresses or changes, or is an IP address's
    beginning; `actions` are found by the text too. `actor` is an id, or `platform`. `kind` is what an
    action's name begins with. Days are those of UTC, both included."""

    text: str = ""
    actions: Collection[str] = field(default=())
    actor: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.actor or self.kind or self.since or self.until)


def list_events(
    *, limit: int, after: UUID | None = None, wanted: EventFilter | None = None
) -> EventPage:
    """The open tenant's trail; `after` is the `next_cursor` of the page before."""
    found = _matching(wanted or EventFilter()).order_by("-pk")
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found[: limit + 1])
    events = tuple(_view(row) for row in rows[:limit])
    return EventPage(events, events[-1].id if len(rows) > limit else None)


def list_made(action: str, *, by: Iterable[UUID]) -> set[UUID]:
    """The targets of such events that these people and keys caused, in the open tenant."""
    actors = [str(each) for each in by]
    found = AuditEvent.objects.filter(action=action, actor__in=actors)
    return {UUID(target) for target in found.values_list("target", flat=True)}


def list_actors() -> list[Who]:
    """Everybody who is in the open tenant's trail, by their latest names; people first."""
    own = AuditEvent.objects.exclude(actor_kind=AuditEvent.Kind.PLATFORM).exclude(actor_kind="")
    latest = own.order_by("actor", "-pk").distinct("actor")[:MAX_ACTORS]
    found = [_who(row) for row in latest.only("actor", *_NAMES)]
    return sorted(found, key=lambda who: (who.kind != "member", (who.name or who.address).lower()))


_NAMES = ("actor_kind", "actor_name", "actor_address")


def _matching(wanted: EventFilter) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.all()
    if wanted.text:
        found = _with_text(found, wanted.text, wanted.actions)
    if wanted.actor:
        found = found.filter(_by(wanted.actor))
    if wanted.kind:
        found = found.filter(action__startswith=f"{wanted.kind}.")
    if wanted.since:
        found = found.filter(created_at__gte=_midnight(wanted.since))
    if wanted.until:
        found = found.filter(created_at__lt=_midnight(wanted.until) + timedelta(days=1))
    return found


def _with_text(
    found: QuerySet[AuditEvent], text: str, actions: Collection[str]
) -> QuerySet[AuditEvent]:
    # Never the rest of `data`, nor whom the platform's actor is: they are not shown either.
    told = Q(actor_name__icontains=text) | Q(actor_address__icontains=text)
    told |= Q(target_name__icontains=text) | Q(told_changes__icontains=text)
    told |= Q(ip__startswith=text) | Q(target=text) | Q(action__in=actions)
    return found.alias(told_changes=Cast(KT("data__changes"), TextField())).filter(told)


def _by(actor: str) -> Q:
    # An operator's address is no filter: an answer would tell who works for the platform.
    if not _is_id(actor):
        return Q(actor_kind=AuditEvent.Kind.PLATFORM)
    return Q(actor=actor)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _view(row: AuditEvent) -> EventView:
    changes: dict[str, Any] = row.data.get("changes") or {}
    return EventView(
        id=row.pk,
        action=row.action,
        who=_who(row),
        ip=row.ip,
        target=row.target,
        target_name=row.target_name,
        changes=tuple(Change(name, *pair) for name, pair in changes.items()),
        created_at=row.created_at,
    )


def _who(row: AuditEvent) -> Who:
    # Others, as an operator's address, are the platform's own business.
    if not _is_id(row.actor):
        return Who("platform")
    return Who(row.actor_kind, row.actor, row.actor_name, row.actor_address)


def _is_id(actor: str) -> bool:
    try:
        UUID(actor)
    except ValueError:
        return False
    return True
