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
# In one statement.
_SLICE = 10_000
# Of all workspaces, as whoever looked last has found it.
_STATE = "outbox:state"
# Each part fits a partial index: what has arrived, and is kept for a day, is not read.
_READ = """
SELECT waiting.number, waiting.oldest_at, (
    SELECT count(*) FROM workspace_outboxevent
    WHERE delivered_at IS NULL AND set_aside_at IS NOT NULL
)
FROM (
    SELECT count(*) AS number,
        coalesce(extract(epoch FROM min(occurred_at)), 0)::float8 AS oldest_at
    FROM workspace_outboxevent WHERE delivered_at IS NULL AND set_aside_at IS NULL
) AS waiting
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


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many events were dropped that had not arrived, and whether nothing is left to be removed."""

    dropped: int
    is_whole: bool


def tidy(seconds: float) -> Tidied:
    """Removes what is kept for no longer, in slices, until the time is over; one of each at least."""
    until = time.monotonic() + seconds
    delivered = OutboxEvent.objects.filter(delivered_at__lt=Now() - KEPT_DELIVERED)
    _, is_whole = _remove(delivered, until)
    OutboxKey.objects.filter(used_at__lt=Now() - KEPT_KEYS).delete()
    old = OutboxEvent.objects.filter(delivered_at=None, occurred_at__lt=Now() - KEPT_WAITING)
    dropped = 0
    for is_waiting in (True, False):
        number, is_all = _remove(old.filter(set_aside_at__isnull=is_waiting), until)
        dropped, is_whole = dropped + number, is_whole and is_all
    EVENTS.labels("dropped").inc(dropped)
    return Tidied(dropped, is_whole)


def bound(waiting: int, most: int = MAX_WAITING) -> int:
    """Drops the oldest of more than so many. Returns how many; the rest of very many the next time."""
    if waiting <= most:
        return 0
    oldest = OutboxEvent.objects.filter(delivered_at=None, set_aside_at=None).order_by("pk")
    dropped = _remove_slice(oldest, min(waiting - most, _SLICE))
    EVENTS.labels("dropped").inc(dropped)
    return dropped


def _remove(found: "QuerySet[OutboxEvent]", until: float) -> tuple[int, bool]:
    removed = 0
    while True:
        number = _remove_slice(found, _SLICE)
        removed += number
        if number < _SLICE:
            return removed, True
        if time.monotonic() >= until:
            return removed, False


def _remove_slice(found: "QuerySet[OutboxEvent]", most: int) -> int:
    ids = list(found.values_list("pk", flat=True)[:most])
    if ids:
        OutboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids)
