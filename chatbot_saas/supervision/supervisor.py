"""The processes of one checkout: started in order, restarted when they die, ended together."""

import socket
import time
from collections.abc import Callable
from functools import partial
from subprocess import Popen

from chatbot_saas.embedded import VarDir
from chatbot_saas.embedded.lifecycle import OwnedServers
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.child import Child, end_session, has_ended
from chatbot_saas.supervision.console import progress, say
from chatbot_saas.supervision.programs import (
    Address,
    commands,
    start_program,
    start_step,
)
from chatbot_saas.supervision.signals import Waiter

READY_TIMEOUT = 60.0
# Of the five seconds until everything has ended; PostgreSQL and Redis get the rest.
PATIENCE = 2.5


class StepFailed(Exception):
    """A command of the start failed and has said why."""


class Supervisor:
    """One per process, in its main thread: the kernel ends the children with that thread."""

    def __init__(self, var: VarDir, address: Address) -> None:
        self.var = var
        self.address = address
        self.waiter = Waiter()
        self.servers: list[Child] = []
        self.programs: list[Child] = []

    def adopt(self, owned: OwnedServers) -> None:
        """Watch the embedded servers as well; their owner ends them."""
        for server in owned.wanted:
            child = self._child(server.name, partial(owned.spawn, server))
            child.process = owned.processes[server.name]
            self.servers.append(child)

    def run_step(self, *argv: str, doing: str, talks: bool = False) -> None:
        """Run a management command to its end; one that does not talk is seen to take time."""
        tick = progress(doing)
        process = start_step(*argv)
        try:
            while not has_ended(process):
                self.waiter.wait(0.5)
                self._refuse_early_death()
                if not talks:
                    tick()
        finally:
            code = end_session(process)
        if code:
            raise StepFailed

    def start_programs(self, *names: str) -> None:
        """Start some of the programs; they are not ready yet."""
        for name in names:
            argv = commands(self.address)[name]
            child = self._child(name, partial(start_program, name, argv, self.var))
            self.programs.append(child)
            child.start()

    def wait_until_ready(self) -> None:
        """Until the web answers. Raises StartError where it does not."""
        tick = progress("Waiting for the web")
        deadline = time.monotonic() + READY_TIMEOUT
        while not web_answers(self.address.reachable_host, self.address.port):
            self._refuse_early_death()
            if time.monotonic() > deadline:
                raise StartError(f"The web does not answer: see {self.var.log_file('web')}.")
            self.waiter.wait(0.1)
            tick()

    def watch(self) -> None:
        """Restart what dies, until somebody asks for the end."""
        everyone = self.servers + self.programs
        while True:
            for child in everyone:
                news = child.watch()
                if news:
                    say(f"{news}; see {self.var.log_file(child.name)}")
            self.waiter.wait(min(child.seconds_until_due() for child in everyone))

    def end(self) -> None:
        """End the programs together, so that they share the patience."""
        deadline = time.monotonic() + PATIENCE
        for child in self.programs:
            child.end_soon()
        for child in self.programs:
            child.end_now(deadline - time.monotonic())

    def _child(self, name: str, start: Callable[[], "Popen[bytes]"]) -> Child:
        return Child(name, start, self.var.pid_file(name))

    def _refuse_early_death(self) -> None:
        for child in self.programs:
            if child.process is not None and has_ended(child.process):
                log_file = self.var.log_file(child.name)
                raise StartError(f"{child.name} ended while it was starting: see {log_file}.")


def web_answers(host: str, port: int) -> bool:
    """Whether GET /healthz is answered with 200."""
    try:
        with socket.create_connection((host, port), timeout=2) as client:
            # By hand: an HTTP client would stay in this process's memory for good.
            client.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return client.recv(64).split()[1:2] == [b"200"]
    except OSError:
        return False
