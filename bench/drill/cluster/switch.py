"""`python -m bench.drill blue-green`: two sets of webs behind one nginx; visitors are switched between
them by another upstream and a reload, there and back, and no request fails."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from bench.drill.cluster import sizes
from bench.drill.cluster.stage import Stage, play

# Of a reload: nginx's old processes take no more connections then.
_SETTLED = 1.0


def run() -> dict[str, Any]:
    return play(
        "blue-green", script, visitors=sizes.VISITORS, askers=sizes.ASKERS, standby=2, drain=20.0
    )


async def script(stage: Stage) -> None:
    # Imported here: it needs Django set up.
    from bench.drill.cluster.load import browse

    blue, green = ["web1", "web2"], ["web3", "web4"]
    pages = asyncio.create_task(browse(stage, kept=False))
    kept = asyncio.create_task(browse(stage, kept=True))
    await asyncio.sleep(sizes.BREATH)
    await _answers_come_from(stage, blue)
    for number in range(sizes.SWITCHES):
        for names in (green, blue):
            stage.crowd.phase = f"switch {number + 1} to {names[0]}"
            await asyncio.to_thread(stage.cluster.switch, names)
            await asyncio.sleep(_SETTLED)
            await _answers_come_from(stage, names)
            await asyncio.sleep(sizes.BREATH)
    stage.crowd.over.set()
    for name, (asked, failures) in {"fresh": await pages, "kept": await kept}.items():
        stage.figures |= {f"{name}_requests": asked, f"{name}_failed": len(failures)}
        stage.broken += [f"{name} {why}, {n} times" for why, n in Counter(failures).items()]
    for told in stage.crowd.ledgers.told:
        if told.refusal or told.resumed:
            stage.broken.append(f"{told.mark}: {told.refusal or 'its connection broke'}")


async def _answers_come_from(stage: Stage, names: list[str]) -> None:
    """New questions are answered by these and no other ones."""
    # Imported here: they need Django set up.
    from bench.drill.storm.programs import Asker

    pids = {str(stage.cluster.pid(name)) for name in names}
    for _ in range(4):
        for tenant in stage.crowd.tenants:
            told = await Asker(stage.crowd, tenant, 0).ask(words=4, delay=0.0)
            if told.status == "completed":
                owner = await asyncio.to_thread(_owner, UUID(tenant.id), UUID(told.turn_id))
                if owner not in pids:
                    stage.broken.append(f"{told.mark}: answered by {owner}, and not by {names}")


def _owner(tenant_id: UUID, turn_id: UUID) -> str:
    """The process id that the turn's row names."""
    from conversations.models import Turn
    from tenants.context import tenant_context

    with tenant_context(tenant_id):
        return str(Turn.objects.values_list("owner", flat=True).get(pk=turn_id)).split(":")[1]
