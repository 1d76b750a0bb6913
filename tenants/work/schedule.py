"""Beat, of which any number may run: one of them sends, the others stand by."""

import logging
import os
import secrets
import socket
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from redis.exceptions import RedisError

from core.redis import sync_redis
from tenants.work.watch import say_alive

log = logging.getLogger(__name__)

# Takes the lease when nobody has it, and keeps it when it is one's own.
_HOLD = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
return 1
"""
_LET_GO = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"


class SharedScheduler(Scheduler):
    """Celery's own scheduler, in memory, that sends only while it holds a lease in Redis.

    Whoever stands by counts the same schedule, so that nothing is missed but what falls due between a
    death and the lease's end. Without Redis each one sends: every task of the schedule may come twice.
    """

    lease = "beat:leader"
    # Milliseconds: three times as long as the shortest period of the schedule.
    lasts = 15_000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._own = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._led = False
        super().__init__(*args, **kwargs)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        if self._leads():
            super().apply_entry(entry, producer=producer)
        else:
            # What is sent says so by itself.
            say_alive("beat")

    def close(self) -> None:
        """Hands the lease on at once."""
        try:
            sync_redis("events").eval(_LET_GO, 1, self.lease, self._own)
        except (RedisError, OSError):
            log.warning("beat's lease was not handed on: it ends by itself")
        super().close()

    def _leads(self) -> bool:
        try:
            leads = bool(sync_redis("events").eval(_HOLD, 1, self.lease, self._own, self.lasts))
        except (RedisError, OSError):
            log.warning("beat has no lease: Redis is away")
            return True
        if leads and not self._led:
            log.info("beat sends from now on")
        self._led = leads
        return leads
