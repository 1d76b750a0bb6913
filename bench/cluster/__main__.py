"""`make cluster`, or `python -m bench.cluster`: runs it until Ctrl-C."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.cluster import parts, plan, rabbitmq, servers
from bench.cluster.containers import Containers
from bench.cluster.plan import Plan, Size
from bench.cluster.supervisor import Supervisor
from chatbot_saas.embedded import VarDir
from chatbot_saas.embedded.locks import FileLock
from chatbot_saas.embedded.process import die_with_parent
from chatbot_saas.start_error import StartError
from chatbot_saas.supervision.console import say
from chatbot_saas.supervision.signals import Stopped, Waiter

_LOCK = "cluster.lock"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=plan.DEFAULT_VAR, help="for logs and data")
    parser.add_argument(
        "--size", default="{}", help="the fields of bench.cluster.plan.Size, in JSON"
    )
    parser.add_argument("--image", default="", help="run the product as containers of this image")
    parser.add_argument(
        "--once", action="store_true", help="end when both workspaces have answered"
    )
    parser.add_argument("--no-seed", action="store_true", help="no workspaces and no questions")
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="end when the process that started this one is killed",
    )
    options = parser.parse_args()
    if options.with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    try:
        run(options, msgspec.json.decode(options.size, type=Size))
    except StartError as error:
        sys.exit(f"{error}")
    except Stopped:
        say("Stopped.")
    return 0


def run(options: argparse.Namespace, size: Size) -> None:
    began = time.monotonic()
    folder = options.folder.resolve()
    # First: whoever asks for the end while this is prepared is heard when it is.
    waiter = Waiter()
    made = plan.make(folder, size)
    containers = Containers(options.image, made) if options.image else None
    parts.check_programs(made)
    with _own_folder(folder):
        say(f"Preparing; logs in {folder / 'log'}")
        with servers.prepared(made) as prepared:
            certificate = parts.prepare(made)
            chosen = parts.all_parts(made, prepared, certificate)
            if containers:
                chosen = [containers.contain(each) if each.is_product else each for each in chosen]
            supervisor = Supervisor(made, prepared, chosen, waiter, began)
            try:
                _serve(supervisor, made, certificate, seeds=not options.no_seed)
                if containers:
                    containers.check(supervisor.wait)
                if not options.once:
                    supervisor.watch()
            finally:
                supervisor.end()
                if containers:
                    containers.remove()
                rabbitmq.forget_names(made.ports["epmd"])


def _serve(supervisor: Supervisor, made: Plan, certificate: Path, *, seeds: bool) -> None:
    supervisor.start()
    seeded = made.folder / "run" / "workspaces.json"
    if seeds:
        supervisor.run_step("-m", "bench.cluster.seed", str(certificate), str(seeded))
    told = json.loads(seeded.read_text()) if seeded.exists() else []
    state = supervisor.save_state(certificate=str(certificate), workspaces=told)
    _say_where(made, told, supervisor.seconds, state)


def _say_where(made: Plan, told: list[dict[str, str]], seconds: float, state: Path) -> None:
    https, ports = made.ports["https"], made.ports
    say(f"\nEverything is up after {seconds:.0f} s.\n")
    say(f"Platform      {made.url}/")
    for workspace in told:
        say(f"Workspace     https://{workspace['host']}:{https}/")
    for name in ("prometheus", "alertmanager"):
        if name in ports:
            say(f"{name.title():<13} http://127.0.0.1:{ports[name]}/")
    say(f"Keys, ports   {state}")
    say(f"Certificate   {made.folder / 'nginx' / 'tls' / 'fullchain.pem'} (signs itself)")
    say(f"Logs          {made.folder / 'log'}/NAME.log")
    say("\nCtrl-C ends it, and removes its data; the logs stay.")


@contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """Refuses a second one there, and a folder of anything else. Of what an earlier one left, nothing
    stays; at the end, the logs."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _LOCK).exists():
        raise StartError(f"{folder} holds something else: name another --folder, or a new one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
    except OSError as error:
        raise StartError(
            f"{folder} cannot be used: {error.strerror}. Name another --folder."
        ) from None
    if not lock.try_exclude():
        lock.close()
        raise StartError(
            f"A cluster is running in {folder}: end it with Ctrl-C there, or name another --folder."
        )
    try:
        _empty(folder, {_LOCK})
        VarDir(folder).make()
        yield
    finally:
        _empty(folder, {_LOCK, "log"})
        lock.close()


def _empty(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
