"""How long a new workspace takes, and a deploy with nothing to migrate."""

import os
import subprocess
import sys
import time
from typing import Any

import psycopg

from bench.figures import spread_ms
from bench.stack import ROOT, VAR_DIR
from bench.workspaces import make_workspace
from chatbot_saas import embedded


def measure(*, full: bool) -> dict[str, Any]:
    count = 1000 if full else 200
    times, before = [], disk()
    for _ in range(count):
        started = time.perf_counter()
        make_workspace()
        times.append(time.perf_counter() - started)
    return {
        "create_workspace": {
            **spread_ms(times),
            "first_ms": round(times[0] * 1000, 1),
            "hundredth_ms": round(times[99] * 1000, 1),
        },
        "kB_of_an_empty_workspace": round((disk() - before) / count / 1000, 1),
        f"migrate_{count}_tenants_nothing_to_do_s_beyond_start": _no_op_seconds(),
    }


def disk() -> int:
    """Bytes of the whole database, its catalogs included."""
    with psycopg.connect(embedded.layout(VAR_DIR).superuser_url) as superuser:
        row = superuser.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    size: int = row[0]
    return size


def _no_op_seconds() -> float:
    """The command's time less that of a process that only starts Django."""
    start = min(_seconds("-c", "import django; django.setup()") for _ in range(3))
    whole = min(_seconds("manage.py", "migrate_tenants") for _ in range(3))
    return round(whole - start, 2)


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started
