"""What every drill here has: a cluster, its load, and the judgement."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bench.cluster import handle
from bench.cluster.handle import Cluster
from bench.cluster.plan import Size
from bench.drill.suite import VAR_DIR

# As the storm's: a provider that hangs is given up sooner, answers may be long, all clients come from
# one address and with few keys.
_SETTINGS = {
    "LLM_FIRST_TEXT_TIMEOUT": "6",
    "LLM_READ_TIMEOUT": "4",
    "TURN_ANSWER_TOKENS": "16384",
    "SOCKETS_PER_ADDRESS": "20000",
    "API_REQUESTS_PER_MINUTE": "1000000",
}


@dataclass
class Stage:
    """`figures` is what is measured, `broken` what did not hold; `crowd` is a bench.drill.storm.crowd
    Crowd, which can be imported only once Django knows its servers."""

    cluster: Cluster
    crowd: Any
    figures: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def bound(self, name: str, value: float | None, most: float) -> None:
        """Notes a figure that has a bound, the largest of several; None is more than any."""
        known = self.figures.get(name, 0.0)
        largest = None if value is None or known is None else max(known, round(value, 1))
        self.figures[name] = largest
        if value is None:
            self.broken.append(f"{name}: not within {most:g}")
        elif value > most:
            self.broken.append(f"{name} is {value:.1f}, and not {most:g} at most")

    def say(self, text: str) -> None:
        print(f"      {text}", flush=True)


Script = Callable[[Stage], Awaitable[None]]


def play(
    name: str,
    script: Script,
    *,
    visitors: int,
    askers: int,
    standby: int = 0,
    drain: float = 20.0,
    monitored: bool = True,
) -> dict[str, Any]:
    """Runs the script under the load; then everything must have ended, and every ledger agree."""
    size = Size(
        standby=standby,
        provider="bench.drill.storm.provider",
        drain=drain,
        monitored=monitored,
        settings=_SETTINGS,
    )
    with handle.running(VAR_DIR / f"{name}-cluster", size) as cluster:
        os.environ |= cluster.environment | {"VAR_DIR": str(cluster.folder / "run")}
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        import django

        django.setup()
        # Imported here: they need Django set up, with the cluster's servers.
        from django.db import connection

        from bench import workspaces
        from bench.drill.cluster.load import run
        from bench.drill.storm.audience import judge
        from bench.drill.storm.crowd import Crowd, tenant_of
        from bench.drill.storm.provider import Provider

        workspaces.prepare_platform()
        tenants = [tenant_of(workspaces.make_workspace()) for _ in range(2)]
        crowd = Crowd([cluster], tenants, trust=cluster.trust, stops=0.0)
        stage = Stage(cluster, crowd)
        # What is idle here would be lost with PostgreSQL.
        own: Any = connection
        own.close()
        own.close_pool()
        began = time.monotonic()
        asyncio.run(run(stage, script, visitors=visitors, askers=askers))
        provider = Provider(cluster.environment["LLM_BASE_URL"])
        judged = judge(crowd, provider, stage.broken)
        if not judged["shown_canaries"]:
            judged["passed"] = False
            stage.say("no question was answered from a document: the canaries tell nothing")
        return {
            **judged,
            "did": f"{len(stage.figures)} figures",
            "up_after_s": cluster.state["ready_after"],
            "seconds": round(time.monotonic() - began),
            "tracebacks": cluster.tracebacks(),
            **stage.figures,
        }
