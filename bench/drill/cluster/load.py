"""The load under which a script runs, and the questions that tell whether the product answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from bench.drill.cluster import sizes
from bench.drill.cluster.stage import Script, Stage
from bench.drill.storm.audience import everybody, quiet
from bench.drill.storm.crowd import Crowd, Tenant
from bench.drill.storm.ledger import Upload
from bench.drill.storm.programs import Asker, Uploader

_SHORT = {"words": 4, "delay": 0.0}
_EVERY, _BROWSES_EVERY = 0.4, 0.1
_PAGES = ("/healthz", "/widget/v1.js", "/static/css/base.css", "/v1/models")


async def run(stage: Stage, script: Script, *, visitors: int, askers: int) -> None:
    """The script, with everybody about; then until all has ended."""
    crowd: Crowd = stage.crowd
    await asyncio.gather(*(Uploader(crowd, each, 0).upload(paragraphs=2) for each in crowd.tenants))
    async with asyncio.TaskGroup() as group:
        for one in everybody(crowd, visitors=visitors, askers=askers):
            group.create_task(one.live())
        try:
            await script(stage)
        finally:
            crowd.phase = "after"
            crowd.over.set()
    await quiet(crowd)


async def answered(stage: Stage, *, within: float) -> float | None:
    """Seconds until a question that was asked from now on is answered; None when none is."""
    began = time.monotonic()
    asker = Asker(stage.crowd, stage.crowd.tenants[0], 0)
    while time.monotonic() - began < within:
        told = await asker.ask_once(**_SHORT)
        if told.status == "completed":
            return time.monotonic() - began
        await asyncio.sleep(0.2)
    return None


async def read(stage: Stage, upload: Upload, *, within: float) -> float | None:
    """Seconds until a document can be asked, as its owner sees it; None when it cannot by then."""
    began = time.monotonic()
    (tenant,) = (each for each in stage.crowd.tenants if each.id == upload.tenant)
    headers = {"Authorization": f"Bearer {tenant.secret_key}"}
    url = f"{stage.cluster.url}/v1/documents/{upload.id}"
    trust = stage.cluster.trust
    async with httpx.AsyncClient(headers=headers, verify=trust, trust_env=False) as http:
        while time.monotonic() - began < within:
            try:
                answer = await http.get(url)
                if answer.status_code == 200 and answer.json()["status"] == "ready":
                    return time.monotonic() - began
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.5)
    return None


@dataclass(frozen=True)
class Failure:
    """A question that was not answered (monotonic seconds)."""

    began: float
    ended: float
    why: str


@dataclass
class Probe:
    """A short question every so often, none of them asked again."""

    asked: int = 0
    failures: list[Failure] = field(default_factory=list)

    async def ask(self, crowd: Crowd, tenant: Tenant) -> None:
        began = time.monotonic()
        # A conversation and a connection of its own, as of somebody who comes for the first time.
        told = await Asker(crowd, tenant, 0).ask_once(**_SHORT)
        self.asked += 1
        if told.status != "completed":
            self.failures.append(Failure(began, time.monotonic(), told.refusal or told.status))


@asynccontextmanager
async def probing(stage: Stage) -> AsyncIterator[Probe]:
    """A probe goes on inside of the block, and has asked its last when the block has ended."""
    probe, over = Probe(), asyncio.Event()
    crowd: Crowd = stage.crowd

    async def go_on() -> None:
        async with asyncio.TaskGroup() as group:
            number = 0
            while not over.is_set():
                group.create_task(probe.ask(crowd, crowd.tenants[number % sizes.TENANTS]))
                number += 1
                await asyncio.sleep(_EVERY)

    task = asyncio.create_task(go_on())
    try:
        yield probe
    finally:
        over.set()
        await task


async def browse(stage: Stage, *, kept: bool) -> tuple[int, list[str]]:
    """Pages without end, each on a connection of its own or all on connections that are kept; how many,
    and what failed."""
    asked, failures = 0, []
    headers = {"Authorization": f"Bearer {stage.crowd.tenants[0].secret_key}"}
    limits = httpx.Limits(max_keepalive_connections=4 if kept else 0)
    async with httpx.AsyncClient(
        base_url=stage.cluster.url,
        verify=stage.cluster.trust,
        headers=headers,
        limits=limits,
        trust_env=False,
        timeout=30,
    ) as http:
        while not stage.crowd.over.is_set():
            path = _PAGES[asked % len(_PAGES)]
            asked += 1
            try:
                answer = await http.get(path)
                if answer.status_code != 200:
                    failures.append(f"{path}: {answer.status_code}")
            except httpx.HTTPError as error:
                failures.append(f"{path}: {type(error).__name__}")
            await asyncio.sleep(_BROWSES_EVERY)
    return asked, failures
