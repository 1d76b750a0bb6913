"""The product's processes and servers, as the supervisor starts them, for a drill to end and start."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.drill.suite import VAR_DIR
from bench.stack import MODEL, ROOT, free_port
from chatbot_saas import embedded
from chatbot_saas.embedded.lifecycle import SERVERS, OwnedServers
from chatbot_saas.supervision.programs import (
    Address,
    commands,
    empty_metrics_dir,
    start_program,
)

WEBS, WORKERS = 2, 2
_READY_SECONDS = 90.0
# The last part of Celery's banner.
_GREETING = "[queues]"


@dataclass
class Program:
    """A process of the product; `port` is a web's, and stays the same when it is started again."""

    name: str
    argv: list[str]
    layout: embedded.Layout
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/chat/"

    @property
    def tree(self) -> list[psutil.Process]:
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    @property
    def is_at_work(self) -> bool:
        """Whether a worker has greeted as often as it was started: it does so once it is up."""
        log = self.layout.var.log_file(self.name).read_text(errors="replace")
        return log.count(_GREETING) >= self.starts

    def start(self) -> None:
        self.starts += 1
        # From the main thread: the kernel ends the process with the thread that made it.
        self.process = start_program(self.name, self.argv, self.layout.var)

    async def end(self, number: signal.Signals) -> float:
        """Sends the signal; the seconds until the process had ended."""
        assert self.process is not None
        began = asyncio.get_running_loop().time()
        self.process.send_signal(number)
        await ended(self.process)
        return asyncio.get_running_loop().time() - began

    async def ready(self) -> None:
        """Until a web says that it is."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            for _ in range(int(_READY_SECONDS * 10)):
                try:
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise SystemExit(f"{self.name} did not become ready: see {self.layout.var.log}")


async def ended(process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        await asyncio.sleep(0.02)


class Machine:
    """All of it."""

    def __init__(self, owned: OwnedServers) -> None:
        self.owned, self.layout = owned, owned.layout
        self.webs = [self._web(number + 1, free_port()) for number in range(WEBS)]
        work = commands(Address("127.0.0.1", self.webs[0].port))
        self.workers = [
            Program(f"worker{number + 1}", work["worker"], self.layout) for number in range(WORKERS)
        ]
        self.beat = Program("beat", work["beat"], self.layout)

    def _web(self, number: int, port: int) -> Program:
        argv = commands(Address("127.0.0.1", port))["web"]
        return Program(f"web{number}", argv, self.layout, port)

    @property
    def programs(self) -> list[Program]:
        return [*self.webs, *self.workers, self.beat]

    async def stop_server(self, name: str, number: signal.Signals) -> None:
        process = self.owned.processes[name]
        process.send_signal(number)
        await ended(process)

    async def start_server(self, name: str) -> None:
        server = next(each for each in SERVERS if each.name == name)
        process = self.owned.spawn(server)
        while not server.is_ready(self.layout, process.pid):
            if process.poll() is not None:
                raise SystemExit(f"{name} does not start again: see {self.layout.var.log}")
            await asyncio.sleep(0.05)

    def faults(self) -> dict[str, int]:
        """How many tracebacks stand in each process's log."""
        logs = {each.name: each.layout.var.log_file(each.name) for each in self.programs}
        return {
            name: path.read_text(errors="replace").count("Traceback") for name, path in logs.items()
        }


@contextmanager
def running(provider_url: str) -> Iterator[Machine]:
    """The product and its servers in a folder of their own, which goes when they end."""
    folder = VAR_DIR / f"storm-{os.getpid()}"
    os.environ |= _environment(folder, provider_url)
    layout = embedded.layout(folder)
    try:
        with embedded.exclusive_servers(layout) as owned:
            subprocess.run(
                [sys.executable, "manage.py", "migrate_tenants"],
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            empty_metrics_dir(layout.var)
            machine = Machine(owned)
            try:
                for program in machine.programs:
                    program.start()
                asyncio.run(_all_ready(machine))
                yield machine
            finally:
                _end(machine)
    finally:
        _keep_logs(layout, VAR_DIR / "storm-logs")
        embedded.remove_home(layout)
        shutil.rmtree(folder, ignore_errors=True)


async def _all_ready(machine: Machine) -> None:
    for web in machine.webs:
        await web.ready()


def _environment(folder: Path, provider_url: str) -> dict[str, str]:
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OPENAI_API_KEY"):
        os.environ.pop(name, None)
    return {
        "VAR_DIR": str(folder),
        "LLM_BASE_URL": provider_url,
        "LLM_MODEL": MODEL,
        # A provider that hangs is given up sooner than people's patience would allow.
        "LLM_FIRST_TEXT_TIMEOUT": "6",
        "LLM_READ_TIMEOUT": "4",
        # So that an answer can be longer than what is between server and client.
        "TURN_ANSWER_TOKENS": "16384",
        # All come from one address, and with few keys.
        "SOCKETS_PER_ADDRESS": "20000",
        "API_REQUESTS_PER_MINUTE": "1000000",
        "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
    }


def _end(machine: Machine) -> None:
    running_ones = [each.process for each in machine.programs if each.process is not None]
    for process in running_ones:
        process.terminate()
    for process in running_ones:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _keep_logs(layout: embedded.Layout, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(layout.var.log, kept)
