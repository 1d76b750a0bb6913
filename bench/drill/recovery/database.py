"""What docs/backup.md says to do, done to an embedded server: its log is followed, its data directory
copied, destroyed, and put back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stack import ROOT
from chatbot_saas import embedded
from chatbot_saas.embedded.client import client_env
from chatbot_saas.embedded.lifecycle import SERVERS, OwnedServers
from chatbot_saas.embedded.process import stop_process

SLOT = "recovery"
_RESTORE = 'cp "{wal}/%f" "%p" || cp "{wal}/%f.partial" "%p"'


@dataclass(frozen=True)
class Kept:
    """What stands on another machine: the copy of the data directory, and the log since."""

    folder: Path

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def wal(self) -> Path:
        return self.folder / "wal"

    def size(self, of: Path) -> int:
        return sum(path.stat().st_size for path in of.rglob("*") if path.is_file())


def client(layout: embedded.Layout, *argv: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "chatbot_saas.embedded.client", *argv],
        cwd=ROOT,
        env={**os.environ, **client_env(layout), "VAR_DIR": str(layout.var.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def done(process: "subprocess.Popen[bytes]") -> None:
    said = process.communicate(timeout=600)[1]
    if process.returncode:
        raise SystemExit(said.decode(errors="replace").strip())


@contextmanager
def following(layout: embedded.Layout, kept: Kept) -> Iterator[None]:
    """The log arrives in `kept.wal` for as long as the server sends it."""
    kept.wal.mkdir(mode=0o700, parents=True, exist_ok=True)
    where = ("pg_receivewal", f"--directory={kept.wal}", f"--slot={SLOT}")
    done(client(layout, *where, "--create-slot", "--if-not-exists"))
    receiver = client(layout, *where, "--synchronous", "--no-loop")
    try:
        while not list(kept.wal.glob("*.partial")):
            if receiver.poll() is not None:
                done(receiver)
            time.sleep(0.02)
        yield
    finally:
        stop_process(receiver, (signal.SIGINT, 5.0))


def copy_base(layout: embedded.Layout, kept: Kept) -> float:
    """Copies the data directory while it is used. Returns how many seconds it took."""
    began = time.monotonic()
    done(client(layout, "pg_basebackup", f"--pgdata={kept.base}", "--checkpoint=fast"))
    return time.monotonic() - began


def destroy(owned: OwnedServers) -> None:
    """As a disk that is gone: without a word to anybody."""
    process = owned.processes["postgres"]
    process.kill()
    process.wait()
    # Its children end when they notice, and may still write.
    while owned.layout.postgres_data.exists():
        shutil.rmtree(owned.layout.postgres_data, ignore_errors=True)


def recover(owned: OwnedServers, kept: Kept) -> None:
    """Puts the copy in its place and starts the server, which reads the log to its end."""
    data, account = owned.layout.postgres_data, owned.layout.account
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(kept.base, data, symlinks=True)
    with (data / "postgresql.auto.conf").open("a") as settings:
        # Nobody is let in before the log is read to its end: until then it is yesterday there.
        settings.write(
            f"\nhot_standby = off\nrestore_command = '{_RESTORE.format(wal=kept.wal)}'\n"
        )
    (data / "recovery.signal").touch()
    if account.foreign:
        for path in (data, kept.wal):
            _give(path, account.uid, account.gid)
    server = next(each for each in SERVERS if each.name == "postgres")
    owned.spawn(server)
    owned.wait_until_ready(server)


def _give(path: Path, uid: int, gid: int) -> None:
    for each in (path, *path.rglob("*")):
        os.chown(each, uid, gid, follow_symlinks=False)
