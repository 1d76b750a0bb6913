"""The storm itself, from the first workspace to the comparison."""

import asyncio
import os
import time
from typing import Any

from django.db import connection

from bench import workspaces
from bench.drill.storm import deaf, faults, rights, sizes
from bench.drill.storm.audience import everybody, judge, quiet
from bench.drill.storm.crowd import Crowd, tenant_of
from bench.drill.storm.faults import Fault, Storm
from bench.drill.storm.machine import Machine
from bench.drill.storm.provider import Provider

FAULTS: tuple[Fault, ...] = (*faults.FAULTS, deaf.slow_clients, rights.rights_taken_away)


def play(product: Machine, provider: Provider) -> dict[str, Any]:
    workspaces.prepare_platform()
    tenants = [tenant_of(workspaces.make_workspace()) for _ in range(sizes.TENANTS)]
    storm = Storm(product, Crowd(list(product.webs), tenants))
    began = time.monotonic()
    # What is idle here would be lost with PostgreSQL.
    own: Any = connection
    own.close()
    own.close_pool()
    asyncio.run(_storm(storm, chosen()))
    seconds = time.monotonic() - began
    return {**_judged(storm, provider), "seconds": round(seconds)}


def chosen() -> list[Fault]:
    """All faults, or those that STORM_FAULTS names."""
    named = os.environ.get("STORM_FAULTS")
    return [each for each in FAULTS if not named or each.__name__ in named.split(",")]


async def _storm(storm: Storm, wanted: list[Fault]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in everybody(storm.crowd, visitors=sizes.VISITORS, askers=sizes.ASKERS):
            group.create_task(one.live())
        for fault in wanted:
            storm.crowd.phase = fault.__name__
            began = time.monotonic()
            await fault(storm)
            print(f"      {fault.__name__}: {time.monotonic() - began:.0f} s", flush=True)
        storm.crowd.phase = "after"
        await asyncio.sleep(sizes.BREATH)
        storm.crowd.over.set()
    await quiet(storm.crowd)


def _judged(storm: Storm, provider: Provider) -> dict[str, Any]:
    return {
        **judge(storm.crowd, provider, storm.broken),
        "did": f"{len(storm.figures)} figures",
        "tracebacks": storm.machine.faults(),
        **storm.figures,
    }
