"""Migrating while the product is used: one run at a time, and nobody waits behind a change."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from chatbot_saas import embedded
from tenants.schemas import fleet
from tests.eventually import eventually
from tests.live import ROOT

MISSING = "Roles of workspaces are missing: run manage.py migrate_tenants."


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.MIGRATION_DATABASE_URL, autocommit=True) as connection:
        yield connection


@contextmanager
def migrating(module: str = "chatbot_saas.settings") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "migrate_tenants"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": module},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_run_says_that_it_waits_and_goes_on_after_the_first(
    owner: psycopg.Connection,
) -> None:
    owner.execute("SELECT pg_advisory_lock(%s)", [fleet._ONE_AT_A_TIME])
    with migrating() as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("another run of migrate_tenants is at work")
        assert process.poll() is None
        owner.execute("SELECT pg_advisory_unlock(%s)", [fleet._ONE_AT_A_TIME])
        assert "all at head" in process.communicate(timeout=120)[0]
    assert process.returncode == 0


@pytest.fixture
def busy_table(owner: psycopg.Connection) -> Iterator[None]:
    owner.execute('SET ROLE "chatbot_saas.owner"')
    owner.execute("CREATE TABLE public.busy_table (n int)")
    yield
    owner.execute("DROP TABLE public.busy_table")
    owner.execute("DELETE FROM public.django_migrations WHERE app = 'busy_app'")


@pytest.mark.usefixtures("busy_table")
def test_readers_pass_a_change_that_waits_for_its_table(owner: psycopg.Connection) -> None:
    with psycopg.connect(settings.MIGRATION_DATABASE_URL) as reader:
        reader.execute("SELECT FROM public.busy_table")
        with migrating("tests.tenants.busy_release") as process:
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
            eventually(lambda: owner.execute(waits, ["public.busy_table"]).fetchone() == (1,))
            # Behind the change in the queue, until the change gives way: it would else be for ever.
            owner.execute("SET statement_timeout = '60s'")
            assert owner.execute("SELECT count(*) FROM public.busy_table").fetchone() == (0,)
            assert process.poll() is None
            reader.rollback()
            assert "shared tables: migrated" in process.communicate(timeout=120)[0]


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[tuple[embedded.Layout, Path]]:
    """Servers of its own: every process of this database would be unready meanwhile."""
    servers = embedded.layout(tmp_path, durable=False)
    with embedded.servers(servers):
        yield servers, tmp_path
    embedded.remove_home(servers)


def test_a_restored_database_gets_its_roles_again(
    restored: tuple[embedded.Layout, Path],
) -> None:
    servers, var_dir = restored

    def run(*command: str) -> str:
        environment = {**os.environ, "VAR_DIR": str(var_dir)}
        environment["DJANGO_SETTINGS_MODULE"] = "chatbot_saas.settings"
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    faults = (
        "import django; django.setup()\n"
        "from chatbot_saas.readiness import database_faults\n"
        "from tenants.context import platform_context\n"
        "with platform_context(): print(*database_faults(), sep='|')"
    )
    run("manage.py", "migrate_tenants")
    run("manage.py", "create_tenant", "acme", "--json")
    with psycopg.connect(servers.migrator_url, autocommit=True) as owner:
        found = owner.execute("SELECT schema_name FROM public.tenants_tenant").fetchone()
        assert found is not None
        schema = found[0]
        role = sql.Identifier(f"chatbot_saas.{schema}")
        # A server that the database was restored on has never had the role, and so no grants to it.
        owner.execute('SET ROLE "chatbot_saas.owner"')
        owner.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        owner.execute(sql.SQL("DROP ROLE {}").format(role))
        assert run("-c", faults).strip() == MISSING
        assert "roles of 1 workspaces: made again" in run("manage.py", "migrate_tenants")
        assert run("-c", faults).strip() == ""
        rights = (
            "SELECT has_table_privilege(%s, %s, 'INSERT'), has_table_privilege(%s, %s, 'UPDATE')"
        )
        for table, wanted in (
            ("workspace_auditevent", (True, False)),
            ("knowledge_document", (True, True)),
        ):
            about = [f"chatbot_saas.{schema}", f"{schema}.{table}"]
            assert owner.execute(rights, about * 2).fetchone() == wanted
    # As the web does: by its own login, in the workspace's role.
    with psycopg.connect(servers.app_url) as web:
        web.execute(sql.SQL("SET ROLE {}").format(role))
        assert web.execute(f"SELECT count(*) FROM {schema}.workspace_auditevent").fetchone()
