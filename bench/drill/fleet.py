"""A deploy to 200 tenants: nothing to do, one added column, and a deploy that is killed half-way."""

import os
import shutil
import subprocess
import sys
import time
from typing import Any

from bench.drill.suite import VAR_DIR
from bench.stack import ROOT
from chatbot_saas import embedded

TENANTS = 200
# Seconds: beyond the start of the process, and for all.
NOTHING_TO_DO, ONE_COLUMN = 1.0, 40.0
RELEASES = (
    "bench.drill.releases.second.settings",
    "bench.drill.releases.third.settings",
)
KILLED_AFTER = 4.0


def run() -> dict[str, Any]:
    """Servers of its own; `passed` is whether both limits hold and every tenant has the column."""
    folder = VAR_DIR / f"fleet-{os.getpid()}"
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    os.environ |= {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"}
    layout = embedded.layout(folder, durable=False)
    try:
        with embedded.servers(layout):
            return _measured()
    finally:
        embedded.remove_home(layout)
        shutil.rmtree(folder, ignore_errors=True)


def _measured() -> dict[str, Any]:
    _seconds("manage.py", "migrate_tenants")
    _make_tenants()
    start = min(_seconds("-c", "import django; django.setup()") for _ in range(3))
    idle = min(_seconds("manage.py", "migrate_tenants") for _ in range(3)) - start
    column = _seconds("manage.py", "migrate_tenants", DJANGO_SETTINGS_MODULE=RELEASES[0])
    have = _tenants_with("second")
    _kill_a_deploy()
    half = _tenants_with("third")
    rest = _seconds("manage.py", "migrate_tenants", DJANGO_SETTINGS_MODULE=RELEASES[1])
    all_have = _tenants_with("third")
    complete = have == all_have == TENANTS and 0 < half < TENANTS
    return {
        "passed": idle <= NOTHING_TO_DO and column <= ONE_COLUMN and complete,
        "did": f"a deploy to {TENANTS} tenants",
        "nothing_to_do_s_beyond_start": round(idle, 2),
        "one_column_s": round(column, 1),
        "done_before_a_kill": half,
        "rest_s": round(rest, 1),
        "at_head": all_have,
    }


def _make_tenants() -> None:
    import django

    django.setup()
    from conversations.chatbots.onboarding import create_workspace

    for number in range(TENANTS):
        create_workspace(slug=f"drill{number}", name="Drill")


def _tenants_with(column: str) -> int:
    from django.db import connection

    from tenants.backend.login import migration_login
    from tenants.context import owner_context

    with migration_login(), owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
            "JOIN tenants_tenant t ON t.schema_name = relnamespace::regnamespace::text "
            "WHERE attname = %s AND relname = 'workspace_auditevent'",
            [column],
        )
        return int(cursor.fetchone()[0])


def _kill_a_deploy() -> None:
    """SIGKILL while it migrates tenants."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "migrate_tenants"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": RELEASES[1]},
        stdout=subprocess.DEVNULL,
    )
    try:
        process.wait(KILLED_AFTER)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _seconds(*arguments: str, **environment: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    return time.perf_counter() - started
