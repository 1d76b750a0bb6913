"""What an open session that says nothing costs the web process."""

import asyncio
import time
from typing import Any

from bench import load
from bench.stack import Stack
from bench.workspaces import make_workspace
from conversations.chatbots.onboarding import Workspace

_BATCH = 50


def measure(stack: Stack, *, full: bool) -> dict[str, Any]:
    workspace = make_workspace()
    return asyncio.run(_measure(stack, workspace, 10_000 if full else 2_000))


async def _measure(stack: Stack, workspace: Workspace, count: int) -> dict[str, Any]:
    # What the first sessions load stays, and is not theirs.
    warm = [await load.open_session(stack, workspace) for _ in range(_BATCH)]
    await asyncio.gather(*(socket.close() for socket in warm))
    await asyncio.sleep(1)
    before = _resident_kb(stack)
    idle = []
    for _ in range(0, count, _BATCH):
        opening = (load.open_session(stack, workspace) for _ in range(_BATCH))
        idle += await asyncio.gather(*opening)
    await asyncio.sleep(1)
    after, cpu, began = _resident_kb(stack), stack.cpu_seconds()["web"], time.perf_counter()
    await asyncio.sleep(5)
    share = (stack.cpu_seconds()["web"] - cpu) / (time.perf_counter() - began)
    return {
        "sockets": len(idle),
        "lost": sum(socket.close_code is not None for socket in idle),
        "web_kB_per_socket": round((after - before) / len(idle), 1),
        "web_cpu_share_beside_them": round(share, 4),
    }


def _resident_kb(stack: Stack) -> float:
    return sum(process.memory_info().rss for process in stack.tree("web")) / 1024
