"""Starts the parts in their order, says which are up, and starts again what dies."""

import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from bench.cluster.parts import Part
from bench.cluster.plan import Plan, environment
from bench.cluster.servers import Servers
from bench.stack import ROOT
from chatbot_saas.embedded.credentials import write_private
from chatbot_saas.embedded.process import spawn
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.child import Child, end_session, has_ended
from chatbot_saas.supervision.console import say
from chatbot_saas.supervision.signals import Waiter

START_SECONDS = 120.0
# A part that lived so long and dies was up: it is started again at once, as often as it takes.
HEALTHY_AFTER = 2.0
_PATIENCE = 5.0
_LOOKS = 0.2


class Member(Child):
    """A part under supervision. While its `held` file is there it is not started again."""

    def __init__(self, part: Part, folder: Path) -> None:
        self.part = part
        self.log_file = folder / "log" / f"{part.name}.log"
        self.held = folder / "run" / f"{part.name}.held"
        pid_file = folder / "run" / f"{part.name}.pid"
        super().__init__(
            part.name, partial(part.start, self.log_file), pid_file, healthy_after=HEALTHY_AFTER
        )

    def watch(self) -> str | None:
        if self.process is None and self.held.exists():
            return None
        return super().watch()

    def end_soon(self) -> None:
        if self.process is not None:
            self.process.send_signal(self.part.stop)

    def is_ready(self) -> bool:
        return self.process is not None and self.part.is_ready(self.process.pid)


class Supervisor:
    """One per process, in its main thread: the kernel ends the parts with that thread."""

    def __init__(
        self, plan: Plan, servers: Servers, parts: list[Part], waiter: Waiter, began: float
    ) -> None:
        """`began` is when the whole did, by the monotonic clock."""
        self._plan, self._servers = plan, servers
        self._waiter = waiter
        self._members = [Member(part, plan.folder) for part in parts]
        self._began = began

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def start(self) -> None:
        """Until every part is ready. Raises StartError where one is not, and Stopped."""
        first = [each for each in self._members if not each.part.is_product]
        servers = [each for each in first if each.part.is_server]
        rest = [each for each in self._members if each not in first]
        for member in first:
            member.start()
        self._wait_for(servers)
        say("Bringing the database up to date …")
        self.run_step("manage.py", "migrate_tenants")
        for member in rest:
            member.start()
        self._wait_for([each for each in self._members if each not in servers])

    def _wait_for(self, members: list[Member]) -> None:
        waiting = list(members)
        while waiting:
            for member in list(waiting):
                if member.process is not None and has_ended(member.process):
                    raise StartError(
                        f"{member.name} ended while it was starting: see {member.log_file}"
                    )
                if member.is_ready():
                    say(f"  {self.seconds:5.1f} s  {member.name} is up")
                    waiting.remove(member)
            if self.seconds > START_SECONDS and waiting:
                names = ", ".join(each.name for each in waiting)
                raise StartError(f"not ready after {START_SECONDS:.0f} s: {names}; see the logs.")
            self._waiter.wait(_LOOKS)

    def run_step(self, *argv: str) -> None:
        """A command of the product, with the login that owns the tables."""
        urls = {**self._servers.urls, "MIGRATION_DATABASE_URL": self._servers.migration_url}
        env = environment(self._plan, urls) | {"VAR_DIR": str(self._plan.folder / "run")}
        process = spawn(
            [sys.executable, *argv], log_file=None, death_signal=signal.SIGKILL, cwd=ROOT, env=env
        )
        try:
            while not has_ended(process):
                self._waiter.wait(0.5)
        finally:
            code = end_session(process)
        if code:
            raise StartError(f"{' '.join(argv[:2])} ended with {code}.")

    def wait(self, seconds: float) -> None:
        """Raises Stopped as soon as somebody asks for the end."""
        self._waiter.wait(seconds)

    def watch(self) -> None:
        """Starts again what dies, until somebody asks for the end."""
        while True:
            for member in self._members:
                news = member.watch()
                if news:
                    say(f"{news}; see {member.log_file}")
            held = any(each.held.exists() for each in self._members)
            soonest = min(each.seconds_until_due() for each in self._members)
            self._waiter.wait(max(soonest, _LOOKS) if held else soonest)

    def save_state(self, **told: object) -> Path:
        """Writes what a drill needs to know, for its owner alone."""
        path = self._plan.folder / "cluster.json"
        state = {
            **told,
            "ports": dict(self._plan.ports),
            "environment": environment(self._plan, self._servers.urls),
            "superuser_url": self._servers.superuser_url,
            "supervisor": os.getpid(),
            "parts": {each.name: self._plan.ports.get(each.name, 0) for each in self._members},
            "ready_after": round(self.seconds, 1),
        }
        write_private(path, json.dumps(state, indent=2) + "\n")
        return path

    def end(self) -> None:
        """All together, so that they share the patience; servers after those that use them."""
        users = [each for each in self._members if not each.part.is_server]
        servers = [each for each in self._members if each.part.is_server]
        for group in (users, servers):
            deadline = time.monotonic() + _PATIENCE
            for member in group:
                member.end_soon()
            for member in group:
                member.end_now(max(0.0, deadline - time.monotonic()))
