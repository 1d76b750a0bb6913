"""`python -m bench.drill rolling`: a release of both webs, one after the other, with answers in flight.

Half of them come over sockets, which are told to reconnect (1012) and go on at the other process; half
are streams over HTTP, which go on to their end at the one that is told to end.
"""

import asyncio
import time
from typing import Any

from bench.drill.cluster import sizes
from bench.drill.cluster.stage import Stage, play

# Longer than a web takes to come back, so that answers are in flight all the while.
_WORDS, _DELAY = 60, 0.1
_PATIENCE = 90.0


def run() -> dict[str, Any]:
    return play("rolling", script, visitors=0, askers=0, drain=sizes.DRAIN)


async def script(stage: Stage) -> None:
    # Imported here: they need Django set up.
    from bench.drill.storm.programs import Asker
    from bench.drill.storm.visitor import Visitor

    crowd = stage.crowd
    half = sizes.IN_FLIGHT // 2
    visitors = [Visitor(crowd, crowd.tenants[n % len(crowd.tenants)], n) for n in range(half)]
    askers = [Asker(crowd, crowd.tenants[n % len(crowd.tenants)], n) for n in range(half)]
    ends = []
    for number in range(sizes.ROUNDS):
        crowd.phase = f"round {number + 1}"
        for web in stage.cluster.of_role("web"):
            ends.append(await release(stage, web, [*visitors, *askers]))
        stage.say(f"round {number + 1}: a web ended within {max(ends[-2:]):.1f} s")
    told = [each for each in crowd.ledgers.told if each.phase.startswith("round")]
    stage.figures |= {
        "answers": len(told),
        "longest_end_s": round(max(ends), 1),
        "sockets_resumed": sum(each.resumed for each in told),
    }
    slowest = max((each.end_after or _PATIENCE for each in told), default=_PATIENCE)
    stage.bound("longest_answer_s", slowest, sizes.ANSWER)
    if not stage.figures["sockets_resumed"]:
        stage.broken.append("no socket was told to reconnect: nothing was in flight")


async def release(stage: Stage, web: str, askers: list[Any]) -> float:
    """Ends one web while all of these are answered, and waits for the new one; seconds until it ended."""
    # Imported here: it needs Django set up.
    from bench.drill.storm.programs import Asker

    crowd = stage.crowd
    first = len(crowd.ledgers.told)
    asked = [asyncio.create_task(each.ask(words=_WORDS, delay=_DELAY)) for each in askers]
    while not all(told.text for told in crowd.ledgers.told[first:]) or len(
        crowd.ledgers.told
    ) < first + len(askers):
        await asyncio.sleep(0.05)
    began = time.monotonic()
    before = stage.cluster.end(web)
    if not await stage.cluster.gone(before, within=_PATIENCE):
        stage.broken.append(f"{web} did not end within {_PATIENCE:g} s")
    took = time.monotonic() - began
    back = await stage.cluster.back(web, before, within=sizes.BACK)
    stage.bound(f"{web}_back_s", back, sizes.BACK)
    for asker, told in zip(askers, await asyncio.gather(*asked), strict=True):
        if told.status != "completed":
            stage.broken.append(f"{told.mark} ({web}): {told.status or told.refusal or 'no end'}")
        if told.resumed and isinstance(asker, Asker):
            stage.broken.append(f"{told.mark} ({web}): its stream was cut")
    return took
