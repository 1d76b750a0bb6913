"""Runs docs/bootstrap.sql, the same text an operator runs with psql, on the embedded server."""

import hashlib
import subprocess
from pathlib import Path

from chatbot_saas.embedded.binaries import Binaries
from chatbot_saas.embedded.credentials import write_private
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.layout import DATABASE, SUPERUSER, Layout
from chatbot_saas.embedded.process import server_env

SCRIPT = Path(__file__).parents[2] / "docs" / "bootstrap.sql"


def ensure_bootstrapped(layout: Layout, binaries: Binaries) -> None:
    """Run the script if it has not run on this cluster, or has changed since."""
    marker = layout.home / "bootstrapped"
    digest = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()
    # A release with another script runs it again; the script bears that.
    if marker.exists() and marker.read_text() == digest:
        return
    run_bootstrap(layout, binaries, database=DATABASE)
    write_private(marker, digest)


def run_bootstrap(layout: Layout, binaries: Binaries, *, database: str) -> None:
    """Make `database`, its roles and its grants on the running server."""
    credentials = layout.credentials
    done = subprocess.run(
        [
            *(
                binaries.postgres_bin / "psql",
                "--no-psqlrc",
                "--quiet",
                "--no-password",
            ),
            *("-h", layout.postgres_sockets, "-U", SUPERUSER, "-d", "postgres"),
            *("-v", f"database={database}", "-f", SCRIPT),
        ],
        env=server_env()
        | {
            "PGPASSWORD": credentials.superuser,
            "APP_PASSWORD": credentials.app,
            "MIGRATOR_PASSWORD": credentials.migrator,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"docs/bootstrap.sql failed: {done.stderr.strip() or done.stdout}")
