"""Debian's PgBouncer on loopback, before the tests' PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.eventually import eventually
from tests.platform.processes import dead_port, layout

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "PgBouncer is not installed: apt-get install pgbouncer"


@contextmanager
def running(folder: Path, mode: str, size: int = 40) -> Iterator[dict[str, str]]:
    """The URLs of the web's and the migrations' login through it, by the names of their settings."""
    assert PROGRAM is not None
    servers, port = layout(), dead_port()
    logins = {"app": servers.credentials.app, "migrator": servers.credentials.migrator}
    (folder / "users.txt").write_text(
        "".join(f'"{name}" "{password}"\n' for name, password in logins.items())
    )
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\nchatbot_saas = host={servers.postgres_sockets} port=5432\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {folder}/users.txt\npool_mode = {mode}\n"
        f"ignore_startup_parameters = options\ndefault_pool_size = {size}\nmax_client_conn = 400\n"
        f"logfile = {folder}/log\n"
    )
    if servers.account.foreign:
        # It refuses to be root, and PostgreSQL's socket is for its account alone.
        shutil.chown(folder, servers.account.uid, servers.account.gid)
        for path in folder.parents:
            if path.owner() == folder.parent.owner() and path != Path("/"):
                path.chmod(path.stat().st_mode | 0o011)
    process = subprocess.Popen(
        [PROGRAM, "--quiet", folder / "pgbouncer.ini"],
        user=servers.account.uid if servers.account.foreign else None,
        group=servers.account.gid if servers.account.foreign else None,
    )

    def listens() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(listens, within=30)
        yield {
            name: f"postgresql://{login}:{logins[login]}@127.0.0.1:{port}/chatbot_saas"
            for name, login in (
                ("DATABASE_URL", "app"),
                ("MIGRATION_DATABASE_URL", "migrator"),
            )
        }
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
