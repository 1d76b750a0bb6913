"""The relay of a worker: a thread of its own, so that a sink that hangs holds up no other work.

A message wakes one worker's relay for the workspace that has written something. Messages may be lost: a
look at all workspaces is taken every twenty seconds, by whichever worker comes first.
"""

import logging
import os
import threading
import time
import traceback
from functools import partial
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
# So long a workspace with a backlog is delivered before the next one has its turn.
TURN_SECONDS = 1.0
# So long one sweep tidies: the rest is tidied by the next.
_TIDY_TURN = 5.0
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
        self._process = os.getpid()
        self._inherited: list[Sink] = []
        self._thread: threading.Thread | None = None
        self._every = sweep_seconds
        self._swept = self._tidied = -TIDY_SECONDS
        self._untidied: set[UUID] = set()
        self._pause = 0.0

    def want(self, *tenant_ids: UUID) -> None:
        """Returns at once; starts the thread where there is none, as in a child of a fork."""
        self._leave_parent()
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
            except Exception as error:  # noqa: BLE001 - without its thread no event would leave.
                self._failed(error)

    def step(self) -> None:
        """Waits for something to do, and does it."""
        found = self._next()
        for place, tenant_id in enumerate(found):
            try:
                if self._deliver(tenant_id):
                    # There may be more, when all others have had their turn.
                    self._want_again(tenant_id)
            except SinkAway as away:
                self._away(away)
                self._want_again(*found[place:])
                return
            except DatabaseError as error:
                # A workspace that is being removed, or a database that restarts: the sweep comes again.
                log.warning("events could not be read: %s", type(error).__name__)
            except BaseException:
                # One workspace's fault is not the next one's: they come after the pause.
                self._want_again(*found[place + 1 :])
                raise
        self._pause = 0.0

    def _want_again(self, *tenant_ids: UUID) -> None:
        with self._named:
            self._wanted.update(dict.fromkeys(tenant_ids))

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

    def _deliver(self, tenant_id: UUID) -> int:
        sink = self.sink()
        return run_in_scope(tenant_scope(tenant_id), lambda: deliver(sink, TURN_SECONDS))

    def sink(self) -> Sink:
        """This process' own, opened where there is none."""
        self._leave_parent()
        if self._sink is None:
            self._sink = open_sink()
        return self._sink

    def _leave_parent(self) -> None:
        """After a fork: neither its connection nor a lock that its thread held."""
        if self._process == os.getpid():
            return
        if self._sink is not None:
            # Not closed, and never collected: that would end the parent's connection.
            self._inherited.append(self._sink)
        self._sink, self._thread, self._process = None, None, os.getpid()
        self._named, self._wanted, self._pause = threading.Condition(), {}, 0.0

    def _away(self, reason: SinkAway) -> None:
        log.warning("the sink of events is away: %s", reason)
        self._back_off()

    def _failed(self, error: Exception) -> None:
        # Its words may quote what is secret; where it came from is enough to find it.
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
        log.error("the relay of events failed: %s in %s", type(error).__name__, place)
        self._back_off()

    def _back_off(self) -> None:
        self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE)
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()

    def _sweep(self) -> list[UUID]:
        """Those with something to deliver, of all; none where another worker has just looked."""
        if not _is_ours(self._every):
            return []
        living = run_in_scope(PLATFORM, _living)
        now = time.monotonic()
        if now >= self._tidied + TIDY_SECONDS:
            self._tidied, self._untidied = now, set(living)
        self._untidied &= set(living)
        until = now + _TIDY_TURN
        found: dict[UUID, upkeep.Outbox] = {}
        for tenant_id in living:
            scope = tenant_scope(tenant_id)
            try:
                if tenant_id in self._untidied and time.monotonic() < until:
                    left = until - time.monotonic()
                    if run_in_scope(scope, partial(_tidy, left)):
                        self._untidied.discard(tenant_id)
                found[tenant_id] = run_in_scope(scope, _look)
            except DatabaseError as error:
                log.warning("an outbox could not be read: %s", type(error).__name__)
        try:
            upkeep.note_state(upkeep.add_up(found.values()))
        except (RedisError, OSError):
            log.warning("how outboxes stand cannot be told: Redis is away")
        return [tenant_id for tenant_id, outbox in found.items() if outbox.waiting]


def _tidy(seconds: float) -> bool:
    """Whether nothing is left to be removed."""
    tidied = upkeep.tidy(seconds)
    _tell_dropped(tidied.dropped)
    return tidied.is_whole


def _look() -> upkeep.Outbox:
    outbox = upkeep.read_outbox()
    dropped = upkeep.bound(outbox.waiting)
    _tell_dropped(dropped)
    return upkeep.read_outbox() if dropped else outbox


def _tell_dropped(dropped: int) -> None:
    if dropped:
        log.error("%s events were dropped before they arrived: the sink was away too long", dropped)


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
