"""A tenant's requests go on evenly while others are about."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from uuid import UUID, uuid4

import httpx
import pytest

from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from core.errors import RateLimited
from core.ids import new_id
from tenants.keys.api_keys import mint_secret_key
from tenants.limits import pace
from tenants.limits.pace import Pace
from tests.eventually import eventually
from tests.live import Process
from tests.virtual_time import run

FILES = 8


@pytest.fixture(autouse=True)
def nobody_else_is_about() -> None:
    """Other tests' clocks may have gone ahead."""
    pace._came.clear()


async def waited(paced: Pace, tenant_id: UUID) -> float:
    loop = asyncio.get_running_loop()
    came = loop.time()
    await paced.until_due(tenant_id, 5.0)
    return loop.time() - came


def test_what_would_wait_too_long_is_told_when_to_come_and_takes_no_time_of_the_others() -> None:
    async def play() -> list[float | BaseException]:
        paced, tenant_id = Pace(at_once=0.6, at_most=2.1), new_id()
        await waited(paced, new_id())
        return await asyncio.gather(
            *(waited(paced, tenant_id) for _ in range(40)), return_exceptions=True
        )

    told = run(play)
    let_in = [each for each in told if isinstance(each, float)]
    refused = [each for each in told if isinstance(each, RateLimited)]
    steps = [0, 0, 0, 0, *(number / 5 for number in range(1, 11))]
    assert let_in == pytest.approx(steps, abs=0.05)
    assert len(refused) == 40 - len(let_in)
    assert {each.retry_after for each in refused} == {3}


def test_nobody_pays_for_the_time_in_which_nobody_else_was_about() -> None:
    async def play() -> float:
        paced, tenant_id = Pace(at_once=0.6), new_id()
        for _ in range(200):
            assert await waited(paced, tenant_id) == pytest.approx(0, abs=0.05)
        await waited(paced, new_id())
        return await waited(paced, tenant_id)

    assert run(play) < 0.3


def test_who_hangs_up_takes_no_time_of_those_who_stay() -> None:
    async def play() -> float:
        paced, tenant_id = Pace(at_once=0.6, at_most=10.0), new_id()
        await waited(paced, new_id())
        gone = [asyncio.create_task(waited(paced, tenant_id)) for _ in range(40)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        return await waited(paced, tenant_id)

    # The first four had begun.
    assert run(play) < 0.3


def upload(web: Process, workspace: Workspace, key: str = "") -> int:
    return httpx.post(
        f"{web.url}/v1/documents",
        files={"file": (f"{uuid4().hex}.txt", f"It opens at six. {uuid4().hex}")},
        headers={"Authorization": f"Bearer {key or workspace.secret_key}"},
        timeout=60,
        trust_env=False,
    ).status_code


def test_a_workspace_that_sends_many_small_files_leaves_time_to_the_others(
    web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    many, other, ended = make_workspace(), make_workspace(), Event()

    def be_about() -> None:
        while not ended.is_set():
            assert upload(web, other) == 202
            ended.wait(1)

    with ThreadPoolExecutor(FILES + 1) as pool, ExitStack() as stack:
        # Whatever fails: the pool waits for it.
        stack.callback(ended.set)
        assert upload(web, other) == 202
        about = pool.submit(be_about)
        began = time.monotonic()
        told = [pool.submit(upload, web, many) for _ in range(FILES)]
        assert {each.result() for each in told} == {202}
        # Unspaced they take a second; all but the first few come half a second apart.
        assert time.monotonic() - began > (FILES - 4) / 2 - 0.1
        ended.set()
        about.result()


def test_a_program_that_sends_all_at_once_leaves_places_to_its_colleagues(
    make_workspace: Callable[[], Workspace],
) -> None:
    many, other, ended = make_workspace(), make_workspace(), Event()
    # However long it takes, there is room for more files.
    subscribe(tenant_id=many.tenant.id, plan="team")
    colleague = mint_secret_key(tenant_id=many.tenant.id)

    def hurry() -> set[int]:
        codes = set()
        while not ended.is_set():
            codes.add(upload(web, many))
        return codes

    with Process("web") as web, ThreadPoolExecutor(30) as pool, ExitStack() as stack:
        stack.callback(ended.set)
        assert upload(web, other) == 202
        rush = [pool.submit(hurry) for _ in range(30)]
        eventually(lambda: upload(web, other) == 202 and upload(web, many) == 429)
        assert upload(web, many, colleague) == 202
        ended.set()
        assert set[int]().union(*(each.result() for each in rush)) == {202, 429}
