"""Everybody who uses the product in a drill, and the judgement when all is over."""

import asyncio
import time
from typing import Any

from bench import workspaces
from bench.drill.storm import books, report, sizes
from bench.drill.storm.compare import compare
from bench.drill.storm.crowd import Crowd, Tenant
from bench.drill.storm.programs import Asker, Uploader
from bench.drill.storm.provider import Provider
from bench.drill.storm.visitor import Visitor

# Until what runs has ended: the longest that a document may take, and a little.
_QUIET_SECONDS = sizes.DOCUMENT_SECONDS + 20


def everybody(crowd: Crowd, *, visitors: int, askers: int) -> list[Visitor | Asker | Uploader]:
    """Visitors, askers and an uploader for each tenant, spread over tenants and processes."""

    def tenant(number: int) -> Tenant:
        return crowd.tenants[number // len(crowd.webs) % len(crowd.tenants)]

    return [
        *(Visitor(crowd, tenant(number), number) for number in range(visitors)),
        *(Asker(crowd, tenant(number), number) for number in range(askers)),
        *(Uploader(crowd, each, number) for number, each in enumerate(crowd.tenants)),
    ]


async def quiet(crowd: Crowd) -> None:
    """Until every turn and document has ended, or should have."""
    tenant_ids = [tenant.id for tenant in crowd.tenants]
    deadline = time.monotonic() + _QUIET_SECONDS
    while await asyncio.to_thread(books.unfinished, tenant_ids) and time.monotonic() < deadline:
        await asyncio.sleep(1)


def judge(crowd: Crowd, provider: Provider, broken: list[str]) -> dict[str, Any]:
    """Compares the ledgers and prints what came out; `broken` is what else did not hold."""
    ledgers = crowd.ledgers
    ledgers.calls = provider.calls()
    books.read(ledgers, [tenant.id for tenant in crowd.tenants])
    books.read_calm(ledgers, workspaces.make_workspace().tenant.id)
    found = compare(ledgers)
    table = report.phases(ledgers)
    report.say_phases(table)
    report.say_faults(found)
    for sentence in broken:
        print(f"      {sentence}", flush=True)
    return {
        "passed": not any(found.values()) and not broken,
        "turns": len(ledgers.told),
        "acknowledged": sum(bool(told.turn_id) for told in ledgers.told),
        "documents": len(ledgers.uploads),
        "provider_calls": len(ledgers.calls),
        "shown_canaries": sum(len(call.canaries) for call in ledgers.calls),
        "disagreements": {name: len(sentences) for name, sentences in found.items()},
        "calls": table,
    }
