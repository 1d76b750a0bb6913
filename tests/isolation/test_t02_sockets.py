"""T2: sockets of many tenants in one process never carry one tenant's answer to another's visitor."""

import asyncio
import json
import random
from collections.abc import Callable
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import ENDS, ingest
from tests.isolation.canaries import canary, foreign_in
from tests.live import Process

TENANTS, SOCKETS, TURNS = 8, 16, 3


async def open_session(web: Process, workspace: Workspace) -> ClientConnection:
    origin = Origin(f"https://{workspace.tenant.host}")
    socket = await connect(web.socket_url, origin=origin, proxy=None, compression=None)
    await socket.send(json.dumps({"type": "session.start", "key": workspace.publishable_key}))
    await socket.recv()
    return socket


async def converse(socket: ClientConnection, frames: list[str]) -> None:
    """Puts everything that one visitor is sent over a few turns into `frames`."""
    async with socket:
        for _ in range(TURNS):
            await asyncio.sleep(random.uniform(0, 0.02))
            question = "What is the secret word of our company?"
            turn = {"type": "turn.create", "client_turn_id": uuid4().hex, "text": question}
            await socket.send(json.dumps(turn))
            while True:
                frames.append(str(await socket.recv()))
                if json.loads(frames[-1])["type"] in (*ENDS, "error"):
                    break


async def converse_all(web: Process, workspaces: list[Workspace]) -> tuple[list[str], int]:
    visitors = [workspaces[number % TENANTS] for number in range(SOCKETS)]
    # One after the other, so that a broken build's sessions begin in the right tenant too.
    sockets = [await open_session(web, workspace) for workspace in visitors]
    sent: list[list[str]] = [[] for _ in sockets]
    # A broken build may break sockets too; the test looks at what did arrive.
    await asyncio.gather(*map(converse, sockets, sent), return_exceptions=True)
    found, grounded = [], 0
    for workspace, frames in zip(visitors, sent, strict=True):
        found += foreign_in("".join(frames), workspace)
        grounded += sum('"turn.citation"' in frame for frame in frames)
    return found, grounded


@pytest.mark.parametrize("broken", [None, "scope_then_await"])
def test_t02_no_frame_holds_a_foreign_canary(
    broken: str | None, make_workspace: Callable[[], Workspace]
) -> None:
    workspaces = [make_workspace() for _ in range(TENANTS)]
    for workspace in workspaces:
        subscribe(tenant_id=workspace.tenant.id, plan="demo")
        text = f"The secret word of our company is {canary(workspace)}. It changes every year."
        ingest(workspace.tenant.id, f"{canary(workspace)}.txt", text)
    with Process("web", broken=broken) as web:
        found, grounded = asyncio.run(converse_all(web, workspaces))
    if broken:
        assert found, "the broken build must carry foreign canaries"
    else:
        assert found == []
        assert grounded == SOCKETS * TURNS
        assert "Traceback" not in web.log()
