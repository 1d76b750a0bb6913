"""`manage.py up`, without Django: it stays in memory for as long as the product runs."""

import argparse
import errno
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot_saas import embedded
from chatbot_saas.embedded import VarDir
from chatbot_saas.embedded.locks import FileLock
from chatbot_saas.embedded.process import die_with_parent
from chatbot_saas.mode import embedded_servers, var_dir
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.console import say
from chatbot_saas.supervision.programs import Address, commands, empty_metrics_dir, web_address
from chatbot_saas.supervision.signals import Stopped
from chatbot_saas.supervision.supervisor import READY_TIMEOUT, StepFailed, Supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-demo", action="store_true", help="do not make the demo workspace")
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="end when the process that started this one (make) is killed",
    )


def up(*, demo: bool, with_parent: bool) -> int:
    """Run everything until Ctrl-C or SIGTERM. Gives the exit code; raises StartError."""
    if with_parent:
        # Whoever kills make means this as well.
        die_with_parent(signal.SIGTERM, os.getppid())
    address = web_address()
    # Before anything is started, which would all have to be ended again.
    refuse_taken_port(address)
    var = VarDir(var_dir())
    var.make()
    with only_one(var):
        var.rotate_logs()
        supervisor = Supervisor(var, address)
        try:
            with own_servers(supervisor):
                run(supervisor, demo=demo)
        except StepFailed:
            return 1
        except Stopped:
            say("Stopped.")
    return 0


def run(supervisor: Supervisor, *, demo: bool) -> None:
    """The start in order, then the watch."""
    try:
        supervisor.run_step("migrate_tenants", doing="Bringing the database up to date")
        empty_metrics_dir(supervisor.var)
        supervisor.start_programs("web", "worker")
        if demo:
            # At the same time: it waits for the web only when it has something to ask.
            doing = "Starting web and worker, and preparing the demo workspace"
            supervisor.run_step("demo", "--wait", str(READY_TIMEOUT), doing=doing, talks=True)
        else:
            supervisor.wait_until_ready()
        # Last: it only repeats what the others do unasked, and their start is what is waited for.
        supervisor.start_programs("beat")
        say(f"Running; logs in {supervisor.var.log}. Ctrl-C ends it.")
        supervisor.watch()
    finally:
        supervisor.end()


@contextmanager
def own_servers(supervisor: Supervisor) -> Iterator[None]:
    """The embedded servers among the supervised processes, if there are any."""
    wanted = embedded_servers()
    if not wanted:
        yield
        return
    layout = embedded.layout(supervisor.var.path)
    with embedded.exclusive_servers(layout, wanted) as owned:
        supervisor.adopt(owned)
        yield


@contextmanager
def only_one(var: VarDir) -> Iterator[None]:
    """Refuse a second `up` in the same var directory."""
    lock = FileLock(var.run / "up.lock")
    pid_file = var.pid_file("up")
    if not lock.try_exclude():
        raise StartError(
            f"This is already running (pid {pid_file.read_text().strip()}) in {var.path}: "
            "stop it with Ctrl-C there, or set VAR_DIR to another directory."
        )
    try:
        var.remove_pid_files(commands(web_address()))
        pid_file.write_text(f"{os.getpid()}\n")
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.close()


def refuse_taken_port(address: Address) -> None:
    """Raise StartError unless the web can listen there."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections of a server that has just ended keep the port for a minute otherwise.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
            probe.listen()
        except (OSError, OverflowError) as error:
            raise StartError(_why_no_port(address, error)) from None


def _why_no_port(address: Address, error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"Port {address.port} is taken: stop what listens there, "
            f"or choose another one: PORT={address.port + 1} make run"
        )
    return f"The web cannot listen on {address.host} port {address.port}: {error}. Set PORT."
