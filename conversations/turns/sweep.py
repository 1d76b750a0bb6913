"""Turns whose process is gone: they end as interrupted, with what was shown of them.

Runs at the start of every web process and from beat. A tenant costs one query on a partial index
that holds running turns only, and one on its few holds.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils import timezone

from billing import quotas
from conversations import models
from conversations.turns import events
from conversations.turns.eventlog import KEPT_SECONDS, LOG_ERRORS, log_key
from conversations.turns.failures import INTERRUPTED, failure
from conversations.turns.processes import is_gone
from conversations.turns.services import interrupt_turn
from core.metrics import TURNS
from core.redis import sync_redis
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

log = logging.getLogger(__name__)

# No turn is answered and saved for longer: it would have settled what it holds.
ORPHAN_AFTER = timedelta(seconds=settings.TURN_SECONDS + 60)


def sweep_all() -> int:
    """Interrupts the orphaned turns of every tenant. Returns how many there were."""
    with platform_context():
        tenant_ids = list(Tenant.objects.alive().values_list("id", flat=True))
    swept = 0
    for tenant_id in tenant_ids:
        try:
            swept += sweep_tenant(tenant_id)
        except DatabaseError as error:
            # A tenant that is being made or removed must not keep the others from being swept.
            log.warning("a tenant could not be swept: %s", type(error).__name__)
    return swept


def sweep_tenant(tenant_id: UUID) -> int:
    with tenant_context(tenant_id):
        # By the database's clock, as leases are given: those of machines differ.
        expired = ExpressionWrapper(Q(lease_until__lt=Now()), BooleanField())
        running = models.Turn.objects.filter(status=models.TurnStatus.RUNNING)
        orphans = [
            turn_id
            for turn_id, owner, is_expired in running.values_list("id", "owner", expired)
            if is_expired or is_gone(owner)
        ]
        # After the turns: an orphan that is interrupted here frees its own.
        _free_orphaned_holds()
        return sum(_interrupt(tenant_id, turn_id) for turn_id in orphans)


def interrupt_if_orphaned(tenant_id: UUID, turn_id: UUID) -> bool:
    """Ends one turn whose lease has run out, for those who wait for it: neither a worker nor beat is
    needed. In the tenant's context."""
    running = models.Turn.objects.filter(pk=turn_id, status=models.TurnStatus.RUNNING)
    return running.filter(lease_until__lt=Now()).exists() and _interrupt(tenant_id, turn_id)


def _free_orphaned_holds() -> None:
    """Of turns that were deleted while they were answered, and whose process went as well."""
    held = quotas.list_holds(until=timezone.now() - ORPHAN_AFTER)
    if not held:
        return
    there = set(models.Turn.objects.filter(pk__in=held).values_list("id", flat=True))
    for turn_id in held:
        if turn_id not in there:
            with transaction.atomic():
                quotas.release(turn_id=turn_id)


def _interrupt(tenant_id: UUID, turn_id: UUID) -> bool:
    shown = _shown(tenant_id, turn_id)
    text = "".join(event.text for event in shown if isinstance(event, events.TurnDelta))
    seq = len(shown) + 1
    if interrupt_turn(turn_id, text=text, last_seq=seq) is None:
        return False
    TURNS.labels("interrupted").inc()
    _tell(tenant_id, failure(turn_id, seq, INTERRUPTED), seq)
    return True


def _shown(tenant_id: UUID, turn_id: UUID) -> list[events.TurnEvent]:
    """What the turn's log holds, up to the first gap."""
    try:
        entries: Any = sync_redis("events").xrange(log_key(tenant_id, turn_id))
    except LOG_ERRORS:
        return []
    shown: list[events.TurnEvent] = []
    for number, (entry_id, fields) in enumerate(entries, 1):
        if int(entry_id.partition(b"-")[0]) != number:
            break
        try:
            shown.append(events.read(fields[b"e"].decode()))
        except msgspec.MsgspecError:
            break
    return shown


def _tell(tenant_id: UUID, event: events.TurnFailed, seq: int) -> None:
    """Adds the last event for those who wait on the log."""
    name = log_key(tenant_id, event.turn_id)
    try:
        redis = sync_redis("events")
        redis.xadd(name, {"e": events.wire(event)}, id=f"{seq}-0")
        redis.expire(name, KEPT_SECONDS)
    except LOG_ERRORS as error:
        log.warning("the end of an interrupted turn was not logged: %s", type(error).__name__)
