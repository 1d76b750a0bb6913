"""`python -m bench.duel CHECKOUT`: CPU for a turn and turns a second, this checkout against another.

Both run at once on this machine and are asked in turns, some questions at a time, so that what else
the machine does touches both alike; what counts is the ratio of the medians.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from bench.stack import ROOT, free_port
from tests.fake_openai import running as provider_running

CLIENTS, BURST, TOKENS = 8, 80, 100
PROCESSES = ("web", "postgres")
# Run in each checkout with its own code: a workspace that knows a text, and questions about it.
_PREPARE = """
import json, django
django.setup()
from bench import turns, workspaces
workspaces.prepare_platform()
made, ask = turns._prepare()
told = {"key": made.publishable_key, "host": made.tenant.host}
print(json.dumps({**told, "questions": [ask() for _ in range(200)]}))
"""


@dataclass
class Side:
    """One checkout that runs, and what was measured of it."""

    folder: Path
    port: int
    environment: dict[str, str]
    workspace: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, list[float]] = field(default_factory=dict)

    def cpu_seconds(self) -> dict[str, float]:
        return {name: self._cpu(name) for name in PROCESSES}

    def _cpu(self, name: str) -> float:
        pid = int((Path(self.environment["VAR_DIR"]) / "run" / f"{name}.pid").read_text())
        process = psutil.Process(pid)
        total = 0.0
        for each in (process, *process.children(recursive=True)):
            times = each.cpu_times()
            total += times.user + times.system
        # PostgreSQL's connections come and go.
        ended = process.cpu_times()
        return total + ended.children_user + ended.children_system

    async def open_session(self) -> ClientConnection:
        socket = await connect(
            f"ws://127.0.0.1:{self.port}/ws/chat/",
            origin=Origin(f"https://{self.workspace['host']}"),
            proxy=None,
            compression=None,
            ping_interval=None,
        )
        await socket.send(json.dumps({"type": "session.start", "key": self.workspace["key"]}))
        assert json.loads(await socket.recv())["type"] == "session.ready"
        return socket


@contextmanager
def running(folder: Path, provider_url: str) -> Iterator[Side]:
    port = free_port()
    environment = {
        **os.environ,
        "VAR_DIR": str(folder / "var" / "duel"),
        "LLM_BASE_URL": provider_url,
        "LLM_MODEL": "bench-model",
        "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        "PORT": str(port),
    }
    up = subprocess.Popen(
        [_python(folder), "manage.py", "up", "--no-demo"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        side = Side(folder, port, environment)
        _wait_until_ready(port)
        prepared = subprocess.check_output(
            [_python(folder), "-c", _PREPARE], cwd=folder, env=environment
        )
        side.workspace = json.loads(prepared.splitlines()[-1])
        yield side
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(20)


def _python(folder: Path) -> str:
    """Each side's own, with the packages that it names."""
    own = folder / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("A side did not become ready: see var/duel/log in its checkout.")


async def ask(sockets: list[ClientConnection], questions: Iterator[str]) -> None:
    """A burst: each client asks again as soon as it is answered."""

    async def client(socket: ClientConnection) -> None:
        for _ in range(BURST // CLIENTS):
            turn = {"client_turn_id": uuid4().hex, "text": next(questions)}
            await socket.send(json.dumps({"type": "turn.create", **turn}))
            kind = ""
            while kind not in ("turn.completed", "turn.failed", "error"):
                kind = json.loads(await socket.recv())["type"]
            assert kind == "turn.completed"

    await asyncio.gather(*map(client, sockets))


async def fight(sides: list[Side], rounds: int) -> None:
    sockets = [[await side.open_session() for _ in range(CLIENTS)] for side in sides]
    questions = [itertools.cycle(side.workspace["questions"]) for side in sides]
    for number in range(rounds + 1):
        order = range(len(sides)) if number % 2 else reversed(range(len(sides)))
        for place in order:
            side, before, began = sides[place], sides[place].cpu_seconds(), time.perf_counter()
            await ask(sockets[place], questions[place])
            seconds, after = time.perf_counter() - began, side.cpu_seconds()
            # The first round warms both up.
            if number:
                for name in PROCESSES:
                    milliseconds = (after[name] - before[name]) * 1000 / BURST
                    side.figures.setdefault(f"{name}_cpu_ms_per_turn", []).append(milliseconds)
                side.figures.setdefault("turns_per_s", []).append(BURST / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="another checkout of this repository")
    parser.add_argument("--rounds", type=int, default=14)
    options = parser.parse_args()
    with ExitStack() as stack:
        fake = stack.enter_context(provider_running())
        fake.default(tokens=TOKENS)
        folders = (options.checkout.resolve(), ROOT)
        sides = [stack.enter_context(running(folder, fake.url)) for folder in folders]
        asyncio.run(fight(sides, options.rounds))
    other, this = sides
    for name, values in this.figures.items():
        before, now = median(other.figures[name]), median(values)
        print(f"{name:<26} {before:8.2f} {now:8.2f}  ratio {now / before:.3f}")


if __name__ == "__main__":
    main()
