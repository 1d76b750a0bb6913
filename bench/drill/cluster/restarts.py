"""`python -m bench.drill restarts`: RabbitMQ, Redis and PostgreSQL each go away for a while, under the
load; whatever is asked meanwhile may fail until a little after their return, and nothing else may."""

import asyncio
import time
from typing import Any

from bench.drill.cluster import sizes
from bench.drill.cluster.stage import Stage, play

SERVERS = ("rabbitmq", "redis", "postgres")


def run() -> dict[str, Any]:
    return play("restarts", script, visitors=sizes.VISITORS, askers=sizes.ASKERS)


async def script(stage: Stage) -> None:
    await asyncio.sleep(sizes.BREATH)
    product = stage.cluster.of_role("web", "worker", "beat")
    before = {name: stage.cluster.pid(name) for name in product}
    for server in SERVERS:
        stage.crowd.phase = server
        await away(stage, server)
    for name in product:
        if stage.cluster.pid(name) != before[name]:
            stage.broken.append(f"{name} was started again")


async def away(stage: Stage, server: str) -> None:
    """One server, for `OUTAGE` seconds; then questions and documents must go on as before."""
    # Imported here: they need Django set up.
    from bench.drill.cluster.load import probing, read
    from bench.drill.storm.programs import Uploader

    async with probing(stage) as probe:
        await asyncio.sleep(sizes.BREATH)
        stage.cluster.hold(server)
        down_at = time.monotonic()
        old = stage.cluster.end(server)
        gone = await stage.cluster.gone(old, within=sizes.OUTAGE)
        if not gone:
            stage.broken.append(f"{server} did not end within {sizes.OUTAGE:g} s")
        await asyncio.sleep(max(0.0, down_at + sizes.OUTAGE - time.monotonic()))
        stage.cluster.release(server)
        back = await stage.cluster.back(server, old, within=sizes.BACK)
        stage.bound(f"{server}_back_s", back, sizes.BACK)
        up_at = time.monotonic()
        upload = await Uploader(stage.crowd, stage.crowd.tenants[0], 0).upload(paragraphs=3)
        took = None if upload is None else await read(stage, upload, within=sizes.INGEST)
        stage.bound(f"{server}_ingests_after_s", took, sizes.INGEST)
        await asyncio.sleep(max(0.0, up_at + sizes.AFTERWARDS + 3 - time.monotonic()))
    late = [each for each in probe.failures if each.ended > up_at + sizes.AFTERWARDS]
    early = [each for each in probe.failures if each.ended < down_at]
    last = max((each.ended - up_at for each in probe.failures), default=0.0)
    stage.figures |= {
        f"{server}_asked": probe.asked,
        f"{server}_failed": len(probe.failures),
        f"{server}_last_failure_after_s": round(max(0.0, last), 1),
    }
    stage.broken += [f"{server}: {each.why}, though it was there" for each in (*early, *late)]
    stage.say(f"{server}: {len(probe.failures)} of {probe.asked} questions failed")
