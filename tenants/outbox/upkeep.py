"""What an outbox keeps, and for how long (tenant's context); and how all of them together stand."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from core.metrics import EVENTS
from core.redis import sync_redis
from tenants.workspace.models import OutboxEvent, OutboxKey

# So long an event that has arrived may be sent again by command.
KEPT_DELIVERED = timedelta(days=1)
# A sink that is away for longer misses events: a database that is full would stop everything else.
KEPT_WAITING = timedelta(days=7)
MAX_WAITING = 200_000
# After so long without an event a key begins again at 1.
KEPT_KEYS = timedelta(days=90)
# In one statement: the rest goes the next time.
_SLICE = 10_000
# Of all workspaces, as whoever looked last has found it.
_STATE = "outbox:state"
_READ = """
SELECT
    count(*) FILTER (WHERE set_aside_at IS NULL),
    coalesce(extract(epoch FROM min(occurred_at) FILTER (WHERE set_aside_at IS NULL)), 0)::float8,
    count(*) FILTER (WHERE set_aside_at IS NOT NULL)
FROM workspace_outboxevent WHERE delivered_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Outbox:
    """How many events wait, when the oldest of them happened (Unix time; 0: none), how many were set
    aside."""

    waiting: int = 0
    oldest_at: float = 0.0
    set_aside: int = 0

    @property
    def age_seconds(self) -> float:
        return max(0.0, time.time() - self.oldest_at) if self.oldest_at else 0.0


def read_outbox() -> Outbox:
    """The open tenant's."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        row = cursor.fetchone()
    return Outbox(*row) if row else Outbox()


def add_up(outboxes: Iterable[Outbox]) -> Outbox:
    found = list(outboxes)
    oldest = [each.oldest_at for each in found if each.oldest_at]
    waiting, set_aside = (sum(each.waiting for each in found), sum(e.set_aside for e in found))
    return Outbox(waiting, min(oldest, default=0.0), set_aside)


def note_state(state: Outbox) -> None:
    """For whoever tells the metrics. Raises `RedisError`, `OSError`."""
    sync_redis("cache").set(_STATE, json.dumps(asdict(state)))


def read_state() -> Outbox:
    """Raises `RedisError`, `OSError`."""
    found = sync_redis("cache").get(_STATE)
    return Outbox(**json.loads(found)) if found else Outbox()


def tidy() -> int:
    """Removes what is kept for no longer. Returns how many events were dropped that had not arrived."""
    _remove(OutboxEvent.objects.filter(delivered_at__lt=Now() - KEPT_DELIVERED))
    OutboxKey.objects.filter(used_at__lt=Now() - KEPT_KEYS).delete()
    dropped = _remove(
        OutboxEvent.objects.filter(delivered_at=None, occurred_at__lt=Now() - KEPT_WAITING)
    )
    EVENTS.labels("dropped").inc(dropped)
    return dropped


def bound(waiting: int, most: int = MAX_WAITING) -> int:
    """Drops the oldest of more than so many. Returns how many."""
    if waiting <= most:
        return 0
    oldest = OutboxEvent.objects.filter(delivered_at=None, set_aside_at=None).order_by("pk")
    dropped = _remove(oldest, min(waiting - most, _SLICE))
    EVENTS.labels("dropped").inc(dropped)
    return dropped


def _remove(found: "QuerySet[OutboxEvent]", most: int = _SLICE) -> int:
    ids = list(found.values_list("pk", flat=True)[:most])
    if ids:
        OutboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids)
