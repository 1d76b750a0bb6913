"""The storm itself, from the first workspace to the comparison."""

import asyncio
import os
import time
from typing import Any

from django.db import connection

from bench import workspaces
from bench.drill.storm import books, deaf, faults, report, rights, sizes
from bench.drill.storm.compare import compare
from bench.drill.storm.crowd import Crowd, Tenant, tenant_of
from bench.drill.storm.faults import Fault, Storm
from bench.drill.storm.machine import Machine
from bench.drill.storm.programs import Asker, Uploader
from bench.drill.storm.provider import Provider
from bench.drill.storm.visitor import Visitor

FAULTS: tuple[Fault, ...] = (*faults.FAULTS, deaf.slow_clients, rights.rights_taken_away)
# Until what runs has ended: the longest that a document may take, and a little.
_QUIET_SECONDS = sizes.DOCUMENT_SECONDS + 20


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
    return {**_compared(storm, provider), "seconds": round(seconds)}


def chosen() -> list[Fault]:
    """All faults, or those that STORM_FAULTS names."""
    named = os.environ.get("STORM_FAULTS")
    return [each for each in FAULTS if not named or each.__name__ in named.split(",")]


async def _storm(storm: Storm, wanted: list[Fault]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in everybody(storm.crowd):
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


def everybody(crowd: Crowd) -> list[Visitor | Asker | Uploader]:
    """Visitors, askers and an uploader for each tenant, spread over tenants and processes."""

    def tenant(number: int) -> Tenant:
        return crowd.tenants[number // len(crowd.webs) % len(crowd.tenants)]

    return [
        *(Visitor(crowd, tenant(number), number) for number in range(sizes.VISITORS)),
        *(Asker(crowd, tenant(number), number) for number in range(sizes.ASKERS)),
        *(Uploader(crowd, each, number) for number, each in enumerate(crowd.tenants)),
    ]


async def quiet(crowd: Crowd) -> None:
    """Until every turn and document has ended, or should have."""
    tenant_ids = [tenant.id for tenant in crowd.tenants]
    deadline = time.monotonic() + _QUIET_SECONDS
    while await asyncio.to_thread(books.unfinished, tenant_ids) and time.monotonic() < deadline:
        await asyncio.sleep(1)


def _compared(storm: Storm, provider: Provider) -> dict[str, Any]:
    ledgers = storm.crowd.ledgers
    ledgers.calls = provider.calls()
    books.read(ledgers, [tenant.id for tenant in storm.crowd.tenants])
    books.read_calm(ledgers, workspaces.make_workspace().tenant.id)
    found = compare(ledgers)
    table = report.phases(ledgers)
    report.say_phases(table)
    report.say_faults(found)
    for sentence in storm.broken:
        print(f"      {sentence}", flush=True)
    return {
        "passed": not any(found.values()) and not storm.broken,
        "did": f"{len(storm.figures)} figures under {len(table)} phases",
        "turns": len(ledgers.told),
        "acknowledged": sum(bool(told.turn_id) for told in ledgers.told),
        "documents": len(ledgers.uploads),
        "provider_calls": len(ledgers.calls),
        "disagreements": {name: len(sentences) for name, sentences in found.items()},
        "tracebacks": storm.machine.faults(),
        **storm.figures,
        "calls": table,
    }
