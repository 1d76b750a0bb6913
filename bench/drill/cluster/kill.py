"""`python -m bench.drill cluster-kill`: every process is killed, in turn, under the load."""

import asyncio
from typing import Any

from bench.drill.cluster import sizes
from bench.drill.cluster.stage import Stage, play

# The provider and the pager stand for what is outside of the product.
_OUTSIDE = ("provider", "pager")


def run() -> dict[str, Any]:
    return play("cluster-kill", script, visitors=sizes.VISITORS, askers=sizes.ASKERS)


async def script(stage: Stage) -> None:
    await asyncio.sleep(sizes.BREATH)
    for name in sizes.KILLED or stage.cluster.names:
        if name not in _OUTSIDE:
            await kill(stage, name)


async def kill(stage: Stage, name: str) -> None:
    """One process, until its work is done again and a question is answered."""
    # Imported here: it needs Django set up.
    from bench.drill.cluster.load import answered

    stage.crowd.phase = name
    before = stage.cluster.kill(name)
    back = await stage.cluster.back(name, before, within=sizes.BACK)
    stage.bound(f"{name}_back_s", back, sizes.BACK)
    again = None if back is None else await answered(stage, within=sizes.BACK - back)
    total = None if back is None or again is None else back + again
    stage.bound(f"{name}_service_s", total, sizes.BACK)
    stage.say(f"{name}: back after {stage.figures[f'{name}_service_s']} s")
    await asyncio.sleep(sizes.BREATH)
