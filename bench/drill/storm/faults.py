"""The faults, one after the other, under whoever uses the product meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM
from typing import Any

import psycopg
import redis

from bench.drill.storm import sizes
from bench.drill.storm.crowd import WORDS, Crowd
from bench.drill.storm.machine import Machine, Program
from bench.drill.storm.programs import Uploader

# A worker that embeds uses what it gets of the cores; one that only asks for work next to nothing.
_LOOKS, _WORKS = 0.2, 0.03


@dataclass
class Storm:
    """What faults act upon. `figures` is what they measure, `broken` what did not hold."""

    machine: Machine
    crowd: Crowd
    figures: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def bound(self, name: str, value: float, most: float) -> None:
        """Notes a figure that has a bound."""
        self.figures[name] = round(value, 2)
        if value > most:
            self.broken.append(f"{name} is {value:.2f}, and not {most:g} at most")


Fault = Callable[[Storm], Awaitable[None]]


async def calm(storm: Storm) -> None:
    await asyncio.sleep(sizes.CALM)


async def provider_chaos(storm: Storm) -> None:
    """Half of the questions meet a fault of the provider."""
    storm.crowd.chaos = 0.5
    await asyncio.sleep(sizes.CHAOS)
    storm.crowd.chaos = 0.0


async def worker_killed(storm: Storm) -> None:
    """Workers are killed while they ingest, and started again at once."""
    uploaders = [Uploader(storm.crowd, each, 0) for each in storm.crowd.tenants]
    before: int = await asyncio.to_thread(_retaken, storm)
    given = []
    for number in range(sizes.WORKER_KILLS):
        while not _able(storm):
            await asyncio.sleep(_LOOKS)
        given.append(await uploaders[number % len(uploaders)].upload(paragraphs=60))
        worker = await _busiest(storm)
        await worker.end(SIGKILL)
        worker.start()
    storm.figures["worker_kills"] = sizes.WORKER_KILLS
    ids = [each.id for each in given if each is not None]
    await _until(lambda: _all_read(storm, ids), within=sizes.DOCUMENT_SECONDS)
    after: int = await asyncio.to_thread(_retaken, storm)
    storm.figures["tickets_taken_over"] = after - before


async def _busiest(storm: Storm) -> Program:
    """A worker with a document in its hands."""
    for _ in range(600):
        able = _able(storm)
        before = {each.name: _cpu(each) for each in able}
        await asyncio.sleep(_LOOKS)
        grown = {each.name: _cpu(each) - before[each.name] for each in able}
        held: int = await asyncio.to_thread(_running_tickets, storm)
        spared: int = await asyncio.to_thread(_spared, storm)
        if held and not spared and able and max(grown.values()) >= _WORKS:
            return max(able, key=lambda each: grown[each.name])
    raise SystemExit("no worker took up a document within two minutes")


def _able(storm: Storm) -> list[Program]:
    """One that is starting uses the cores as well."""
    return [each for each in storm.machine.workers if each.is_at_work]


def _cpu(program: Program) -> float:
    times = program.tree[0].cpu_times()
    return float(times.user + times.system)


def _running_tickets(storm: Storm) -> int:
    return _count(storm, "status = 'running' AND lease_until > now()")


def _spared(storm: Storm) -> int:
    """Documents that have lost two workers: with five the product gives up, as it should."""
    return _count(storm, "status = 'running' AND lease_until > now() AND attempts > 2")


def _retaken(storm: Storm) -> int:
    return _count(storm, "attempts > 1", "sum(attempts - 1)")


def _count(storm: Storm, where: str, what: str = "count(*)") -> int:
    with psycopg.connect(storm.machine.layout.superuser_url, autocommit=True) as superuser:
        statement = f"SELECT coalesce({what}, 0) FROM tenants_workticket WHERE {where}"  # noqa: S608
        found = superuser.execute(statement.encode()).fetchone()
    return int(found[0]) if found else 0


async def _until(check: Callable[[], object], *, within: float) -> float:
    """Seconds until it was true; as many as it may take when it was not."""
    began = time.monotonic()
    while time.monotonic() - began < within and not await asyncio.to_thread(check):
        await asyncio.sleep(0.5)
    return time.monotonic() - began


async def web_killed(storm: Storm) -> None:
    """Web processes are killed in the middle of answers, in turn."""
    storm.crowd.words = 4 * WORDS
    await asyncio.sleep(4)
    for number in range(sizes.WEB_KILLS):
        await _restart_web(storm, number, SIGKILL)
    storm.crowd.words = WORDS
    storm.figures["web_kills"] = sizes.WEB_KILLS


async def web_told_to_end(storm: Storm) -> None:
    """The same by SIGTERM, as for a new release."""
    storm.crowd.words = 4 * WORDS
    await asyncio.sleep(4)
    took = [await _restart_web(storm, number, SIGTERM) for number in range(sizes.WEB_ENDS)]
    storm.crowd.words = WORDS
    storm.figures |= {"web_ends": sizes.WEB_ENDS, "web_ends_longest_s": round(max(took), 1)}


async def _restart_web(storm: Storm, number: int, how: Any) -> float:
    web = storm.machine.webs[number % len(storm.machine.webs)]
    took = await web.end(how)
    # Long enough for clients to find the other one.
    await asyncio.sleep(1)
    web.start()
    await web.ready()
    await asyncio.sleep(sizes.BREATH)
    return took


async def redis_restarted(storm: Storm) -> None:
    await storm.machine.stop_server("redis", SIGTERM)
    await storm.machine.start_server("redis")
    await asyncio.sleep(2 * sizes.BREATH)


async def redis_flushed(storm: Storm) -> None:
    with redis.Redis.from_url(storm.machine.layout.redis_url(0)) as client:
        await asyncio.to_thread(client.flushall)
    await asyncio.sleep(2 * sizes.BREATH)


async def redis_away(storm: Storm) -> None:
    """For a minute; what is uploaded meanwhile is read soon after its return, without a restart."""
    uploader = Uploader(storm.crowd, storm.crowd.tenants[-1], 0)
    await storm.machine.stop_server("redis", SIGTERM)
    back_at = time.monotonic() + sizes.REDIS_AWAY
    accepted = await uploader.upload(paragraphs=3)
    await asyncio.sleep(max(0.0, back_at - time.monotonic()))
    await storm.machine.start_server("redis")
    if accepted is None:
        storm.broken.append("nothing could be uploaded while Redis was away")
        return
    # One from after its return is no exception that was read before the workers noticed.
    late = await uploader.upload(paragraphs=3)
    ids = [each.id for each in (accepted, late) if each is not None]
    most = sizes.INGEST_AGAIN_SECONDS
    took = await _until(lambda: _all_read(storm, ids), within=most + 5)
    storm.bound("ingests_after_redis_came_back_s", took, most)


def _all_read(storm: Storm, document_ids: list[str]) -> bool:
    wanted = ", ".join(f"'{each}'" for each in document_ids)
    return not _count(
        storm, f"status IN ('waiting', 'running') AND payload ->> 'document_id' IN ({wanted})"
    )


async def database_restarted(storm: Storm) -> None:
    """PostgreSQL ends in an orderly way, and comes back."""
    await _restart_database(storm, SIGINT)


async def database_crashed(storm: Storm) -> None:
    """PostgreSQL ends at once, and recovers from its log."""
    await _restart_database(storm, SIGQUIT)


async def _restart_database(storm: Storm, how: Any) -> None:
    for _ in range(sizes.DATABASE_RESTARTS):
        await storm.machine.stop_server("postgres", how)
        await storm.machine.start_server("postgres")
        await asyncio.sleep(2 * sizes.BREATH)


async def sockets_cut(storm: Storm) -> None:
    """Sockets break at random events, until so many have."""
    storm.crowd.cuts = sizes.CUTS
    while storm.crowd.cuts > 0:
        await asyncio.sleep(0.5)
    storm.figures["sockets_cut"] = sizes.CUTS


FAULTS: tuple[Fault, ...] = (
    *(calm, provider_chaos, worker_killed, web_killed, web_told_to_end),
    *(redis_restarted, redis_flushed, redis_away, database_restarted, database_crashed),
    sockets_cut,
)
