"""The storm drill in small: a provider that misbehaves, sockets that break and a process that is killed,
under visitors on two processes; then the ledgers agree. Those of a naive build do not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bench import workspaces
from bench.drill.storm import books, provider
from bench.drill.storm.compare import CHECKS, compare
from bench.drill.storm.crowd import Crowd, tenant_of
from bench.drill.storm.programs import Asker, Uploader
from bench.drill.storm.provider import Provider
from bench.drill.storm.visitor import Visitor
from bench.stack import MODEL
from tests.live import Process

VISITORS, SECONDS, CUTS = 10, 3.0, 8


@dataclass
class Stage:
    """Two processes before one provider; of a broken build one."""

    provider: Provider
    webs: list[Process]

    def crowd(self, **fields: object) -> Crowd:
        workspaces.prepare_platform()
        tenants = [tenant_of(workspaces.make_workspace()) for _ in range(2)]
        return Crowd(list(self.webs), tenants, **fields)  # type: ignore[arg-type]

    def faults(self, crowd: Crowd) -> dict[str, list[str]]:
        crowd.ledgers.calls = self.provider.calls()
        books.read(crowd.ledgers, [tenant.id for tenant in crowd.tenants])
        books.read_calm(crowd.ledgers, workspaces.make_workspace().tenant.id)
        return compare(crowd.ledgers)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with provider.running() as source:
        environment = {
            "LLM_BASE_URL": source.url,
            "LLM_MODEL": MODEL,
            "LLM_FIRST_TEXT_TIMEOUT": "2",
            "LLM_READ_TIMEOUT": "1",
        }
        broken = getattr(request, "param", None)
        count = 1 if broken else 2
        webs = [Process("web", broken=broken, environment=environment) for _ in range(count)]
        try:
            yield Stage(source, [web.start() for web in webs])
        finally:
            for web in webs:
                web.stop()


async def visit(crowd: Crowd, *faults: object) -> None:
    """A moment of visitors and an asker, and whatever happens to them meanwhile."""
    async with asyncio.TaskGroup() as group:
        for number in range(VISITORS):
            group.create_task(Visitor(crowd, crowd.tenants[number // 2 % 2], number).live())
        group.create_task(Asker(crowd, crowd.tenants[0], 0).live())
        for fault in faults:
            await asyncio.sleep(SECONDS)
            await asyncio.to_thread(fault)  # type: ignore[arg-type]
        await asyncio.sleep(SECONDS)
        crowd.over.set()


def test_ledgers_agree_after_a_small_storm(stage: Stage, worker: Process) -> None:
    crowd = stage.crowd(chaos=0.4, cuts=CUTS)

    async def storm() -> None:
        uploads = [Uploader(crowd, tenant, 0) for tenant in crowd.tenants]
        await asyncio.gather(*(each.upload(paragraphs=2) for each in uploads))
        # In the middle of answers; the one that starts ends those that nobody answers any more.
        await visit(crowd, stage.webs[0].kill, stage.webs[0].start)
        for _ in range(200):
            if not await asyncio.to_thread(
                books.unfinished, [tenant.id for tenant in crowd.tenants]
            ):
                return
            await asyncio.sleep(0.1)

    asyncio.run(storm())
    assert stage.faults(crowd) == {name: [] for name in CHECKS}
    ends = {told.status for told in crowd.ledgers.told}
    assert {"completed", "interrupted"} <= ends
    assert sum(told.resumed for told in crowd.ledgers.told) >= CUTS
    assert len(crowd.ledgers.uploads) == 2


@pytest.mark.parametrize("stage", ["end_is_complete"], indirect=True)
def test_half_answers_of_a_naive_build_are_seen(stage: Stage) -> None:
    """It believes that a stream which ended is an answer."""
    crowd = stage.crowd(chaos=1.0, ways=(("eof", 3),))
    asyncio.run(visit(crowd))
    found = stage.faults(crowd)
    assert found["half_answers"] != []
    assert found["untrue_answers"] != []
