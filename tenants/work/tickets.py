"""Work tickets: what must be done, written with what caused it, done at least once.

PostgreSQL holds the truth. Celery's messages only wake workers, so a lost one costs seconds (the
sweeper wakes them too) and a repeated one nothing. A claim is a lease: when its worker dies the
lease runs out and another claims the ticket.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from core.errors import Conflict, NotFound
from core.ids import new_id
from core.metrics import TICKETS
from tenants.context import current_tenant_id, platform_context, tenant_context
from tenants.models import Tenant, WorkTicket

logger = logging.getLogger(__name__)
# An outage of an hour must not make its tickets wait for hours more.
_MAX_BACKOFF_SECONDS = 300
_POSTPONED_SECONDS = 5
# Any number that no other advisory lock here uses.
_CLAIM_LOCK = 7405


class PermanentFailure(Exception):
    """Trying again would not help; the ticket fails at once."""


class Postponed(Exception):
    """What the ticket needs is away, through no fault of its own: this try does not count."""


class LeaseLost(Exception):
    """Another worker has taken the ticket over; this one must stop without writing."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A claimed ticket as values."""

    id: UUID
    tenant_id: UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    max_attempts: int
    lease_id: UUID
    lease_seconds: int


Handler = Callable[[Ticket], None]


@dataclass(frozen=True, slots=True)
class _Registration:
    handler: Handler
    lease_seconds: int
    on_give_up: Handler | None
    on_cancel: Handler | None
    on_reopen: Handler | None


_registry: dict[str, _Registration] = {}
_wake: list[Callable[[], None]] = []


def handles(
    kind: str,
    *,
    lease_seconds: int = 60,
    on_give_up: Handler | None = None,
    on_cancel: Handler | None = None,
    on_reopen: Handler | None = None,
) -> Callable[[Handler], Handler]:
    """Register the function that does tickets of a kind; it must bear being run twice.

    In the tenant's context are called: `on_give_up` when no further attempt will be made, `on_cancel`
    when somebody has cancelled it, `on_reopen` before a failed one is tried again.
    """

    def register(handler: Handler) -> Handler:
        _registry[kind] = _Registration(handler, lease_seconds, on_give_up, on_cancel, on_reopen)
        return handler

    return register


def on_wake(wake: Callable[[], None]) -> None:
    """Register what tells workers that there is something to do."""
    _wake.append(wake)


def enqueue(
    kind: str, payload: dict[str, Any], *, due_at: datetime | None = None, max_attempts: int = 5
) -> UUID:
    """Write a ticket of the open tenant, in the caller's transaction. Returns its id."""
    tenant_id = current_tenant_id()
    with platform_context():
        ticket = WorkTicket.objects.create(
            tenant_id=tenant_id,
            kind=kind,
            payload=payload,
            due_at=due_at or Now(),
            max_attempts=max_attempts,
        )
    for wake in _wake:
        transaction.on_commit(wake)
    return ticket.pk


# Fewest running tickets first, so that one tenant's thousand files do not starve another's one. Of whose
# worker nothing was heard for a while, a ticket takes no place, and is not yet anybody else's.
_SILENT_SECONDS = 12
_CLAIM = """
WITH running AS (
    SELECT tenant_id, count(*) AS running, count(*) FILTER (
        WHERE lease_until > now() + make_interval(
            secs => coalesce((%(leases)s::jsonb ->> kind)::int, 0) - %(silent)s
        )
    ) AS heard_of FROM tenants_workticket
    WHERE status = 'running' AND lease_until > now() GROUP BY tenant_id
), chosen AS (
    SELECT ticket.id FROM tenants_workticket ticket
    JOIN tenants_tenant tenant ON tenant.id = ticket.tenant_id AND tenant.status = 'active'
    LEFT JOIN running ON running.tenant_id = ticket.tenant_id
    WHERE ticket.status IN ('waiting', 'running') AND ticket.due_at <= now()
        AND (ticket.status = 'waiting' OR ticket.lease_until <= now())
        AND coalesce(running.heard_of, 0) < %(places)s
        AND ticket.kind = ANY(%(kinds)s)
    ORDER BY coalesce(running.running, 0), ticket.due_at
    LIMIT 1 FOR UPDATE OF ticket SKIP LOCKED
)
UPDATE tenants_workticket ticket
SET status = 'running', attempts = attempts + 1, lease_id = %(lease)s,
    lease_until = now() + make_interval(secs => (%(leases)s::jsonb ->> ticket.kind)::int)
FROM chosen WHERE ticket.id = chosen.id
RETURNING ticket.id, ticket.tenant_id, ticket.kind, ticket.attempts, ticket.max_attempts
"""


def claim() -> Ticket | None:
    """Lease the next due ticket, or None when nothing is due. Opens its own platform context."""
    # Only kinds that this process knows: a newer release may have queued others.
    leases = {kind: entry.lease_seconds for kind, entry in _registry.items()}
    lease_id = new_id()
    with platform_context(), transaction.atomic(), connection.cursor() as cursor:
        # One claim at a time: two that count a tenant's running tickets at once would both find room.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIM_LOCK])
        values: dict[str, Any] = {
            "places": settings.TICKETS_PER_TENANT,
            "kinds": list(leases),
            "lease": lease_id,
            "leases": json.dumps(leases),
            "silent": _SILENT_SECONDS,
        }
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
        if row is None:
            return None
        payload = WorkTicket.objects.values_list("payload", flat=True).get(pk=row[0])
    return Ticket(row[0], row[1], row[2], payload, row[3], row[4], lease_id, leases[row[2]])


def heartbeat(ticket: Ticket) -> None:
    """Extend the lease. Raises `LeaseLost` when it is no longer ours."""
    # By the database's clock, which claims go by.
    until = Now() + timedelta(seconds=ticket.lease_seconds)
    with platform_context():
        if not _held(ticket).update(lease_until=until):
            raise LeaseLost(f"ticket {ticket.id} was taken over")


@contextmanager
def kept_alive(beat: Callable[[], None], *, every: float, at_most: float) -> Iterator[None]:
    """Calls `beat` from a thread of its own while the block runs: for one long transaction, whose own
    writes nobody sees before its end. After `at_most` seconds it stops, so that what hangs is lost.
    """
    ended = threading.Event()

    def keep() -> None:
        until = time.monotonic() + at_most
        try:
            while not ended.wait(every) and time.monotonic() < until:
                beat()
        except (LeaseLost, DatabaseError):
            logger.warning("a lease is no longer extended")
        finally:
            connections.close_all()

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _held(ticket: Ticket) -> QuerySet[WorkTicket]:
    # The lease's own id: a worker that was slow must not finish its successor's ticket.
    return WorkTicket.objects.filter(pk=ticket.id, lease_id=ticket.lease_id, status="running")


def _finish(ticket: Ticket, status: str, error: str = "") -> None:
    with platform_context():
        _held(ticket).update(status=status, error=error[:500], finished_at=Now())
    TICKETS.labels(ticket.kind, status).inc()


def _retry(ticket: Ticket, error: str) -> None:
    # Doubling, so that what is down is not hammered while it comes back.
    delay = min(2**ticket.attempts, _MAX_BACKOFF_SECONDS)
    due_at = Now() + timedelta(seconds=delay)
    with platform_context():
        _held(ticket).update(status="waiting", due_at=due_at, error=error[:500], lease_until=None)
    TICKETS.labels(ticket.kind, "retried").inc()


def _postpone(ticket: Ticket) -> None:
    due_at = Now() + timedelta(seconds=_POSTPONED_SECONDS)
    with platform_context():
        _held(ticket).update(
            status="waiting", due_at=due_at, attempts=F("attempts") - 1, lease_until=None
        )
    TICKETS.labels(ticket.kind, "postponed").inc()


def _give_up(ticket: Ticket, error: str) -> None:
    give_up = _registry[ticket.kind].on_give_up
    if give_up is not None:
        with tenant_context(ticket.tenant_id):
            give_up(ticket)
    _finish(ticket, "failed", error)


def run_next() -> bool:
    """Claim and do one ticket. False when nothing was due."""
    ticket = claim()
    if ticket is None:
        return False
    logged = {"tenant_id": str(ticket.tenant_id), "ticket_id": str(ticket.id), "kind": ticket.kind}
    if ticket.attempts > ticket.max_attempts:
        # Its workers died without a word, as often as it may be tried.
        _give_up(ticket, "the worker was lost each time it was tried")
        return True
    try:
        with tenant_context(ticket.tenant_id):
            _registry[ticket.kind].handler(ticket)
    except LeaseLost:
        logger.warning("ticket lease lost", extra=logged)
    except Postponed:
        logger.warning("ticket postponed", extra=logged)
        _postpone(ticket)
    except PermanentFailure as error:
        _give_up(ticket, str(error))
    except Exception as error:  # The runner's boundary: one ticket's fault must not stop the rest.
        logger.exception("ticket failed", extra={**logged, "attempts": ticket.attempts})
        if ticket.attempts >= ticket.max_attempts:
            _give_up(ticket, repr(error))
        else:
            _retry(ticket, repr(error))
    else:
        _finish(ticket, "done")
    return True


def retry_failed(ticket_id: UUID) -> None:
    """Try a failed ticket again, from its first attempt. Raises `NotFound`, or `Conflict` when it has
    not failed."""
    _change(ticket_id, "failed", "waiting", lambda entry: entry.on_reopen)
    for wake in _wake:
        transaction.on_commit(wake)


def cancel_waiting(ticket_id: UUID) -> None:
    """End a ticket that no worker has begun. Raises `NotFound`, or `Conflict` when it does not wait."""
    _change(ticket_id, "waiting", "cancelled", lambda entry: entry.on_cancel)


def _change(
    ticket_id: UUID,
    from_status: str,
    to_status: str,
    hook_of: Callable[[_Registration], Handler | None],
) -> None:
    """Moves a ticket and what it stands for together, or neither."""
    ended = Now() if to_status == "cancelled" else None
    changed: dict[str, Any] = {"status": to_status, "finished_at": ended, "lease_until": None}
    if to_status == "waiting":
        changed |= {"attempts": 0, "due_at": Now()}
    with platform_context(), transaction.atomic():
        row = WorkTicket.objects.filter(pk=ticket_id).first()
        if row is None:
            raise NotFound("There is no such ticket.")
        if not WorkTicket.objects.filter(pk=ticket_id, status=from_status).update(**changed):
            raise Conflict(f"This ticket is not {from_status} any more.")
        entry = _registry.get(row.kind)
        hook = hook_of(entry) if entry is not None else None
        if hook is not None and entry is not None:
            ticket = _values(row, entry)
            with tenant_context(ticket.tenant_id):
                hook(ticket)


def _values(row: WorkTicket, entry: _Registration) -> Ticket:
    return Ticket(
        id=row.pk,
        tenant_id=row.tenant_id,
        kind=row.kind,
        payload=row.payload,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        lease_id=row.lease_id or row.pk,
        lease_seconds=entry.lease_seconds,
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """The tickets of a kind: how many wait or run, and for how long the oldest could have been begun."""

    unfinished: int
    oldest_seconds: float


def queue_by_kind() -> dict[str, Queue]:
    """What is to be done, by kind, also of kinds of which all is done (platform context). Tickets of a
    suspended workspace wait on purpose: their age is not counted."""
    begun = Q(tenant__status=Tenant.Status.ACTIVE, status="waiting", due_at__lte=Now())
    counted = WorkTicket.objects.values_list("kind").annotate(
        unfinished=Count("id", filter=Q(status__in=("waiting", "running"))),
        # Both times are the database's.
        waited=Now() - Min("due_at", filter=begun),
    )
    return {
        kind: Queue(unfinished, waited.total_seconds() if waited else 0.0)
        for kind, unfinished, waited in counted
    }
