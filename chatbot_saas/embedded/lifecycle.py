"""Who starts and who stops the pair of servers, when several commands run at once.

Two lock files decide. `owner.lock` is held exclusively, for its whole life, by the process whose
children the servers are. `users.lock` is shared by every process that uses them; the owner takes it
exclusively before it stops them, so it outstays the others. Locks of a killed process vanish, and
its servers die with it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from signal import Signals

from chatbot_saas.embedded import bootstrap, postgres_server, redis_server
from chatbot_saas.embedded.binaries import Binaries, find_binaries
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.home import prepare_home
from chatbot_saas.embedded.layout import Layout
from chatbot_saas.embedded.locks import FileLock
from chatbot_saas.embedded.process import stop_process

START_TIMEOUT = 60.0
POLL = 0.02


@dataclass(frozen=True)
class Server:
    """One of the two servers, as its supervisor sees it."""

    name: str
    stop_steps: tuple[tuple[Signals, float], ...]
    prepare: Callable[[Layout, Binaries], None]
    start: Callable[[Layout, Binaries], subprocess.Popen[bytes]]
    is_ready: Callable[[Layout, int], bool]


SERVERS = tuple(
    Server(module.NAME, module.STOP_STEPS, module.prepare, module.start, module.is_ready)
    for module in (postgres_server, redis_server)
)


BOTH = frozenset(server.name for server in SERVERS)


class OwnedServers:
    """The running servers of this process. `processes` is by name; a supervisor may replace one."""

    def __init__(self, layout: Layout, wanted: frozenset[str]) -> None:
        self.layout = layout
        self.wanted = [server for server in SERVERS if server.name in wanted]
        self.binaries = find_binaries(layout.account)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        prepare_home(layout)

    def start(self) -> None:
        """Start them and wait until they answer, then make the database's roles if need be."""
        for server in self.wanted:
            server.prepare(self.layout, self.binaries)
            self.spawn(server)
        for server in self.wanted:
            self.wait_until_ready(server)
        if postgres_server.NAME in self.processes:
            bootstrap.ensure_bootstrapped(self.layout, self.binaries)

    def spawn(self, server: Server) -> subprocess.Popen[bytes]:
        try:
            process = server.start(self.layout, self.binaries)
        except OSError as error:
            raise EmbeddedError(f"The embedded {server.name} cannot be started: {error}.") from None
        self.processes[server.name] = process
        self.layout.var.pid_file(server.name).write_text(f"{process.pid}\n")
        return process

    def wait_until_ready(self, server: Server) -> None:
        process = self.processes[server.name]
        deadline = time.monotonic() + START_TIMEOUT
        while not server.is_ready(self.layout, process.pid):
            if process.poll() is not None:
                raise EmbeddedError(_why_not(self.layout, server, "ended at once"))
            if time.monotonic() > deadline:
                raise EmbeddedError(_why_not(self.layout, server, "is not ready"))
            time.sleep(POLL)

    def stop(self) -> None:
        for server in reversed(SERVERS):
            process = self.processes.pop(server.name, None)
            if process is not None:
                stop_process(process, *server.stop_steps)
                self.layout.var.pid_file(server.name).unlink(missing_ok=True)


@contextmanager
def servers(layout: Layout, wanted: frozenset[str] = BOTH) -> Iterator[None]:
    """The servers run inside the block; whoever started them stops them at the end."""
    users = FileLock(layout.var.run / "users.lock")
    owner = FileLock(layout.var.run / "owner.lock")
    try:
        users.share()
        owned = _own_or_find(layout, wanted, owner)
        try:
            yield
        finally:
            if owned is not None:
                _wait_for_other_users(users)
                owned.stop()
    finally:
        owner.close()
        users.close()


@contextmanager
def exclusive_servers(layout: Layout, wanted: frozenset[str] = BOTH) -> Iterator[OwnedServers]:
    """The servers as children of this process. Raises EmbeddedError where another one has them."""
    users = FileLock(layout.var.run / "users.lock")
    owner = FileLock(layout.var.run / "owner.lock")
    try:
        if not owner.try_exclude():
            raise EmbeddedError(
                f"Another command is using the embedded servers of {layout.var.path} "
                f"({_owner_hint(layout)}): wait for its end, or set VAR_DIR to another directory."
            )
        users.share()
        owned = OwnedServers(layout, wanted)
        try:
            owned.start()
            yield owned
        finally:
            owned.stop()
    finally:
        owner.close()
        users.close()


def is_running(layout: Layout, wanted: frozenset[str] = BOTH) -> bool:
    """Whether some process has these servers of this layout running and ready."""
    return all(
        server.is_ready(layout, _pid(layout, server.name))
        for server in SERVERS
        if server.name in wanted
    )


def _own_or_find(layout: Layout, wanted: frozenset[str], owner: FileLock) -> OwnedServers | None:
    """The servers started here, or None once another process has them ready."""
    deadline = time.monotonic() + START_TIMEOUT
    while not owner.try_exclude():
        if is_running(layout, wanted):
            return None
        if time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded servers of {layout.var.path} do not become ready.")
        time.sleep(POLL)
    owned = OwnedServers(layout, wanted)
    try:
        owned.start()
    except BaseException:
        owned.stop()
        raise
    return owned


def _wait_for_other_users(users: FileLock) -> None:
    users.release()
    if not users.try_exclude():
        print(
            "Waiting for another command that uses the embedded servers…",
            file=sys.stderr,
        )
        users.exclude()


def _pid(layout: Layout, name: str) -> int:
    try:
        return int(layout.var.pid_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _owner_hint(layout: Layout) -> str:
    return f"pid of its PostgreSQL: {_pid(layout, postgres_server.NAME)}"


def _why_not(layout: Layout, server: Server, what: str) -> str:
    log = layout.var.log_file(server.name)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "no output"
    return f"The embedded {server.name} {what}: {last} (see {log})."
