"""The embedded PostgreSQL: made once, started under our own supervision, reached by socket only."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from chatbot_saas import env
from chatbot_saas.embedded.account import make_private_dir
from chatbot_saas.embedded.binaries import Binaries, check_runs
from chatbot_saas.embedded.credentials import write_private
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.layout import SUPERUSER, Layout
from chatbot_saas.embedded.process import server_env, spawn

NAME = "postgres"
# Fast shutdown, then immediate: the write-ahead log makes the second one safe as well.
STOP_STEPS = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 1.0))
# Sized for a machine that also runs the application: the whole stack rests below 700 MB.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "2",
    "log_min_messages": "warning",
    # A failed statement and its details hold what people wrote.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# With EMBEDDED_WAL_STREAM: another program may follow the log and copy the data directory. The log that a
# receiver has not had yet is kept for it, up to a bound, because a full disk stops everything.
STREAMED = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "max_replication_slots": "4",
    "max_slot_wal_keep_size": "1GB",
}
# Of tests alone: they throw the cluster away, and never cut its power. Its thousands of small tables
# are gone before there would be anything to clean up.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def prepare(layout: Layout, binaries: Binaries) -> None:
    """Make the data directory if there is none."""
    if layout.postgres_data.exists():
        return
    check_runs(binaries.postgres_bin / "postgres")
    # Renamed when it is whole, so that a killed start leaves nothing that looks ready.
    partial = layout.postgres_home / "data.new"
    shutil.rmtree(partial, ignore_errors=True)
    password_file = layout.postgres_home / "password"
    write_private(password_file, layout.credentials.superuser)
    if layout.account.foreign:
        os.chown(password_file, layout.account.uid, layout.account.gid)
    try:
        _initdb(layout, binaries, partial, password_file)
    finally:
        password_file.unlink()
    partial.rename(layout.postgres_data)


def start(layout: Layout, binaries: Binaries) -> subprocess.Popen[bytes]:
    """Start the server; it is not ready yet."""
    make_private_dir(layout.postgres_sockets, layout.account)
    settings = SETTINGS | {"unix_socket_directories": str(layout.postgres_sockets)}
    if env.flag("EMBEDDED_WAL_STREAM"):
        settings |= STREAMED
    if not layout.durable:
        settings |= NOT_DURABLE
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return spawn(
        [binaries.postgres_bin / "postgres", "-D", layout.postgres_data, *options],
        log_file=layout.var.log_file(NAME),
        death_signal=signal.SIGINT,
        account=layout.account,
        cwd=layout.postgres_home,
        env=server_env(),
    )


def is_ready(layout: Layout, pid: int) -> bool:
    """Whether the server `pid` takes connections: line 8 of its pid file, as pg_ctl reads it."""
    try:
        lines = (layout.postgres_data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    # A pid file may be left by a server that was killed, so its number is compared.
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _initdb(layout: Layout, binaries: Binaries, data: Path, password_file: Path) -> None:
    # The builtin C.UTF-8 sorts and folds the same on every machine, whatever its libc.
    process = spawn(
        [
            binaries.postgres_bin / "initdb",
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if layout.durable else ["--no-sync"]),
        ],
        log_file=layout.var.log_file(NAME),
        death_signal=signal.SIGKILL,
        account=layout.account,
        cwd=layout.postgres_home,
        env=server_env(),
    )
    if process.wait():
        raise EmbeddedError(f"initdb failed: see the end of {layout.var.log_file(NAME)}.")
