"""`python -m bench.drill soak`: a mixed load for SOAK_MINUTES, with a small fault every few seconds that
ends no process; nothing may grow, and every ledger must agree."""

import asyncio
import random
import signal
import time
from collections import Counter
from typing import Any

import psycopg
import redis

from bench.drill.cluster import sizes
from bench.drill.cluster.sampling import Series, leaks, table
from bench.drill.cluster.stage import Stage, play

_BETWEEN = (3.0, 9.0)


def run() -> dict[str, Any]:
    return play("soak", script, visitors=sizes.VISITORS, askers=sizes.ASKERS)


async def script(stage: Stage) -> None:
    # Imported here: it needs Django set up.
    from bench.drill.cluster.load import browse

    before = {name: stage.cluster.pid(name) for name in stage.cluster.names}
    pages = asyncio.create_task(browse(stage, kept=True))
    await _warm(stage)
    series, chance = Series(stage.cluster), random.Random(11)
    sampling = asyncio.create_task(_sample(stage, series))
    until = time.monotonic() + 60 * sizes.MINUTES
    done: Counter[str] = Counter()
    while time.monotonic() < until:
        fault = chance.choice(FAULTS)
        done[fault.__name__] += 1
        stage.crowd.phase = fault.__name__
        await fault(stage, chance)
        await asyncio.sleep(chance.uniform(*_BETWEEN))
    stage.crowd.over.set()
    asked, _ = await pages
    await sampling
    verdicts = series.verdicts()
    stage.broken += leaks(verdicts)
    stage.broken += [
        f"{name} did not live through it"
        for name, pid in before.items()
        if stage.cluster.pid(name) != pid
    ]
    stage.figures |= {"faults": dict(done), "pages": asked, "growth": table(verdicts)}


async def _warm(stage: Stage) -> None:
    """Nobody pauses: what is filled once, such as every connection's knowledge of the tables, is full."""
    stage.crowd.phase, stage.crowd.pace = "warming", 0.1
    await asyncio.sleep(sizes.WARMING)
    stage.crowd.pace = 1.0


async def _sample(stage: Stage, series: Series) -> None:
    while not stage.crowd.over.is_set():
        await asyncio.to_thread(series.take)
        await stage.crowd.pause(sizes.EVERY, sizes.EVERY)


async def sockets_break(stage: Stage, chance: random.Random) -> None:
    stage.crowd.cuts += chance.randint(1, 4)


async def provider_fails(stage: Stage, chance: random.Random) -> None:
    """A third of the questions, for a few seconds."""
    stage.crowd.chaos = 0.3
    await asyncio.sleep(chance.uniform(2, 6))
    stage.crowd.chaos = 0.0


async def process_stalls(stage: Stage, chance: random.Random) -> None:
    """One process does nothing for a moment, and does not know it."""
    stalled = stage.cluster.of_role("web", "worker", "beat", "redis", "postgres", "rabbitmq")
    tree = stage.cluster.tree(chance.choice(stalled))
    for each in tree:
        each.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(chance.uniform(0.5, 2))
    finally:
        for each in tree:
            if each.is_running():
                each.send_signal(signal.SIGCONT)


async def redis_drops_everybody(stage: Stage, _: random.Random) -> None:
    def drop() -> None:
        with redis.Redis.from_url(stage.cluster.environment["REDIS_URL"]) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    await asyncio.to_thread(drop)


async def database_drops_somebody(stage: Stage, _: random.Random) -> None:
    def drop() -> None:
        with psycopg.connect(stage.cluster.state["superuser_url"], autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'app' ORDER BY random() LIMIT 1"
            )

    await asyncio.to_thread(drop)


async def nginx_reloads(stage: Stage, _: random.Random) -> None:
    await asyncio.to_thread(stage.cluster.switch, ["web1", "web2"])


FAULTS = (
    *(sockets_break, provider_fails, process_stalls),
    *(redis_drops_everybody, database_drops_somebody, nginx_reloads),
)
