"""The load: visitors on real sockets, all in this process."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from bench.stack import Stack
from conversations.chatbots.onboarding import Workspace

ENDS = ("turn.completed", "turn.failed", "turn.snapshot", "error")


@dataclass
class Outcome:
    """What the visitors saw. Times in seconds."""

    first_token: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cited: int = 0


async def open_session(stack: Stack, workspace: Workspace) -> ClientConnection:
    socket = await connect(
        stack.socket_url,
        origin=Origin(f"https://{workspace.tenant.host}"),
        proxy=None,
        compression=None,
        ping_interval=None,
        open_timeout=60,
    )
    await socket.send(json.dumps({"type": "session.start", "key": workspace.publishable_key}))
    ready = json.loads(await socket.recv())
    if ready["type"] != "session.ready":
        raise SystemExit(f"no session: {ready}")
    return socket


async def one_turn(socket: ClientConnection, question: str, outcome: Outcome) -> None:
    started, first = time.perf_counter(), 0.0
    turn = {"type": "turn.create", "client_turn_id": uuid4().hex, "text": question}
    await socket.send(json.dumps(turn))
    while True:
        frame = json.loads(await socket.recv())
        kind = frame["type"]
        if kind == "turn.delta" and not first:
            first = time.perf_counter() - started
        outcome.cited += kind == "turn.citation"
        if kind in ENDS:
            break
    if kind != "turn.completed":
        outcome.errors.append(json.dumps(frame))
        return
    outcome.first_token.append(first)
    outcome.whole.append(time.perf_counter() - started)


async def closed_loop(
    stack: Stack, workspace: Workspace, ask: Callable[[], str], *, clients: int, turns: int
) -> tuple[Outcome, float]:
    """Each client asks again as soon as it is answered. Returns the outcome and the seconds."""
    outcome = Outcome()
    sockets = [await open_session(stack, workspace) for _ in range(clients)]

    async def client(socket: ClientConnection) -> None:
        for _ in range(turns // clients):
            await one_turn(socket, ask(), outcome)

    started = time.perf_counter()
    await asyncio.gather(*(client(socket) for socket in sockets))
    seconds = time.perf_counter() - started
    await asyncio.gather(*(socket.close() for socket in sockets))
    return outcome, seconds


async def open_loop(
    stack: Stack, workspace: Workspace, ask: Callable[[], str], *, rate: float, seconds: float
) -> Outcome:
    """Turns begin at a fixed rate, whether or not earlier ones have ended."""
    outcome, running = Outcome(), set()
    sockets: asyncio.Queue[ClientConnection] = asyncio.Queue()
    opened = [await open_session(stack, workspace) for _ in range(int(rate * 4))]
    for socket in opened:
        sockets.put_nowait(socket)

    async def visit() -> None:
        socket = await sockets.get()
        await one_turn(socket, ask(), outcome)
        sockets.put_nowait(socket)

    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        task = asyncio.create_task(visit())
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    await asyncio.gather(*(socket.close() for socket in opened))
    return outcome


async def with_idle(
    stack: Stack, workspace: Workspace, count: int, work: Callable[[], Awaitable[Outcome]]
) -> tuple[Outcome, float, int]:
    """Do the work beside idle sockets. Returns it, their cost in kB each, and how many were lost."""
    before = stack.memory_mb()["web"]
    idle: list[ClientConnection] = []
    for start in range(0, count, 50):
        batch = min(50, count - start)
        idle += await asyncio.gather(*(open_session(stack, workspace) for _ in range(batch)))
    grown = (stack.memory_mb()["web"] - before) * 1024 / count
    outcome = await work()
    lost = sum(socket.close_code is not None for socket in idle)
    for start in range(0, count, 200):
        await asyncio.gather(*(socket.close() for socket in idle[start : start + 200]))
    return outcome, round(grown, 1), lost
