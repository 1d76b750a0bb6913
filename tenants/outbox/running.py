"""The relay of a worker: a thread of its own, so that a sink that hangs holds up no other work.

A message wakes one worker's relay for the workspace that has written something. Messages may be lost: a
look at all workspaces is taken every twenty seconds, by whichever worker comes first.
"""

import logging
import threading
import time
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from core.redis import sync_redis
from tenants.context import DATABASE_AWAY, PLATFORM, run_in_scope, tenant_scope
from tenants.models import Tenant
from tenants.outbox import upkeep
from tenants.outbox.relay import deliver
from tenants.outbox.sinks.base import Sink, SinkAway
from tenants.outbox.sinks.opening import open_sink
from tenants.outbox.writing import is_on
from tenants.work.tasks import PlatformTask
from tenants.work.waking import Waker

log = logging.getLogger(__name__)

SWEEP_SECONDS = 20.0
TIDY_SECONDS = 3600.0
# A sink that is away is asked again after 1, 2, 4, … seconds, and every half minute at last.
_LONGEST_PAUSE = 30.0
_DATABASE_PAUSE = 5.0
_GATHER_SECONDS = 0.1
_TURN = "outbox:sweep"


class Relay:
    """Delivers for workspaces that are named to it, and looks at all of them now and then."""

    def __init__(self, sweep_seconds: float = SWEEP_SECONDS) -> None:
        self._wanted: dict[UUID, None] = {}
        self._named = threading.Condition()
        self._sink: Sink | None = None
        self._thread: threading.Thread | None = None
        self._every = sweep_seconds
        self._swept = self._tidied = -TIDY_SECONDS
        self._pause = 0.0

    def want(self, *tenant_ids: UUID) -> None:
        """Returns at once; starts the thread where there is none, as in a child of a fork."""
        with self._named:
            self._wanted.update(dict.fromkeys(tenant_ids))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
                self._thread.start()
            self._named.notify()

    def _run(self) -> None:
        while True:
            if self._pause:
                time.sleep(self._pause)
            try:
                self.step()
            except DATABASE_AWAY as error:
                self._pause = _DATABASE_PAUSE
                log.warning("the relay of events waits: %s", type(error).__name__)

    def step(self) -> None:
        """Waits for something to do, and does it."""
        found = self._next()
        for place, tenant_id in enumerate(found):
            try:
                self._deliver(tenant_id)
            except SinkAway as away:
                self._away(away)
                with self._named:
                    self._wanted.update(dict.fromkeys(found[place:]))
                return
            except DatabaseError as error:
                # A workspace that is being removed, or a database that restarts: the sweep comes again.
                log.warning("events could not be read: %s", type(error).__name__)
        self._pause = 0.0

    def _next(self) -> list[UUID]:
        with self._named:
            left = self._swept + self._every - time.monotonic()
            if not self._wanted and left > 0:
                self._named.wait(left)
            found = list(self._wanted)
            self._wanted.clear()
        if time.monotonic() >= self._swept + self._every:
            self._swept = time.monotonic()
            found = list(dict.fromkeys([*found, *self._sweep()]))
        return found

    def _deliver(self, tenant_id: UUID) -> None:
        if self._sink is None:
            self._sink = open_sink()
        sink = self._sink
        run_in_scope(tenant_scope(tenant_id), lambda: deliver(sink))

    def _away(self, reason: SinkAway) -> None:
        self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE)
        log.warning("the sink of events is away: %s", reason)
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _sweep(self) -> list[UUID]:
        """Those with something to deliver, of all; none where another worker has just looked."""
        if not _is_ours(self._every):
            return []
        is_time = time.monotonic() >= self._tidied + TIDY_SECONDS
        found: dict[UUID, upkeep.Outbox] = {}
        for tenant_id in run_in_scope(PLATFORM, _living):
            try:
                found[tenant_id] = run_in_scope(tenant_scope(tenant_id), lambda: _look(is_time))
            except DatabaseError as error:
                log.warning("an outbox could not be read: %s", type(error).__name__)
        if is_time:
            self._tidied = time.monotonic()
        try:
            upkeep.note_state(upkeep.add_up(found.values()))
        except (RedisError, OSError):
            log.warning("how outboxes stand cannot be told: Redis is away")
        return [tenant_id for tenant_id, outbox in found.items() if outbox.waiting]


def _look(is_time: bool) -> upkeep.Outbox:
    dropped = upkeep.tidy() if is_time else 0
    outbox = upkeep.read_outbox()
    dropped += upkeep.bound(outbox.waiting)
    if dropped:
        log.error("%s events were dropped before they arrived: the sink was away too long", dropped)
        return upkeep.read_outbox()
    return outbox


def _living() -> list[UUID]:
    return list(Tenant.objects.alive().values_list("id", flat=True))


def _is_ours(seconds: float) -> bool:
    try:
        # A little less, so that the same worker does not come too early the next time.
        lasts = max(1, int(900 * seconds))
        return bool(sync_redis("cache").set(_TURN, 1, nx=True, px=lasts))
    except (RedisError, OSError):
        return True


_relay = Relay()


def start_relay(**_: object) -> None:
    """Called when a worker is ready (as a receiver of Celery's signal)."""
    if is_on():
        _relay.want()


@shared_task(base=PlatformTask, name="tenants.relay_events", ignore_result=True)
def relay_events(tenant_ids: list[str]) -> None:
    """Has this worker's relay deliver for these workspaces, beside its other work."""
    if settings.EVENT_SINK_URL:
        _relay.want(*(UUID(each) for each in tenant_ids))


_written: set[UUID] = set()


def _publish() -> None:
    # Of a busy process ten messages a second, and not one for each turn.
    time.sleep(_GATHER_SECONDS)
    wanted = [str(_written.pop()) for _ in range(len(_written))]
    if wanted:
        # The rows are there already: a message that is lost costs seconds.
        relay_events.apply_async((wanted,), retry=False, expires=60)


_waker = Waker(_publish)


def wake_relay(tenant_id: UUID) -> None:
    """Tell a worker whose outbox has something in it. Returns at once, whatever the broker does."""
    _written.add(tenant_id)
    _waker.wake()
