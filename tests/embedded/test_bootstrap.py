"""docs/bootstrap.sql on a server of one's own, as an operator runs it, and what is said without it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from chatbot_saas import embedded
from chatbot_saas.embedded.binaries import find_binaries
from chatbot_saas.preflight import check_database
from chatbot_saas.start_error import StartError
from tests.embedded.processes import ROOT

# Roles and databases are named for the whole server, so every test uses its own.
LOGINS = {"app_login": "op_app", "migrator_login": "op_migrator"}


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Layout]:
    layout = embedded.layout(tmp_path_factory.mktemp("operator") / "var", durable=False)
    with embedded.servers(layout):
        yield layout
    embedded.remove_home(layout)


def url(layout: embedded.Layout, login: str, password: str, database: str) -> str:
    return layout.database_url(login, password, database)


def blank_database(layout: embedded.Layout, name: str, *, pgvector: bool) -> str:
    superuser = layout.credentials.superuser
    with psycopg.connect(layout.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    found = url(layout, "postgres", superuser, name)
    if pgvector:
        with psycopg.connect(found, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION vector")
    return found


def run_script(layout: embedded.Layout, **environment: str) -> "subprocess.CompletedProcess[str]":
    psql = find_binaries(layout.account).postgres_bin / "psql"
    variables = {"database": "operators_own", **LOGINS}
    return subprocess.run(
        [
            *(psql, "-X", "-q", layout.superuser_url, "-f", ROOT / "docs" / "bootstrap.sql"),
            *(part for name, value in variables.items() for part in ("-v", f"{name}={value}")),
        ],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_prepared_database_can_be_migrated_and_the_script_run_again(
    layout: embedded.Layout,
) -> None:
    for _ in range(2):
        done = run_script(layout, APP_PASSWORD="a-secret", MIGRATOR_PASSWORD="m-secret")
        assert done.returncode == 0, done.stderr
    app = url(layout, "op_app", "a-secret", "operators_own")
    migrator = url(layout, "op_migrator", "m-secret", "operators_own")
    check_database("DATABASE_URL", app)
    subprocess.run(
        [sys.executable, "manage.py", "migrate_tenants"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "DATABASE_URL": app,
            "MIGRATION_DATABASE_URL": migrator,
            "SECRET_KEY": "s" * 50,
            "VAR_DIR": str(layout.var.path),
        },
        check=True,
        capture_output=True,
    )
    with psycopg.connect(migrator) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    assert owners == [("operators_own.owner",)]


def test_the_script_asks_for_its_passwords(layout: embedded.Layout) -> None:
    done = run_script(layout, APP_PASSWORD="a-secret")
    assert done.returncode != 0
    assert "MIGRATOR_PASSWORD" in done.stderr


def test_a_database_without_pgvector_is_one_clear_line(layout: embedded.Layout) -> None:
    blank = blank_database(layout, "without_pgvector", pgvector=False)
    with pytest.raises(StartError, match=r"no pgvector: .*bootstrap\.sql"):
        check_database("DATABASE_URL", blank)


def test_a_database_that_was_not_prepared_is_one_clear_line(layout: embedded.Layout) -> None:
    blank = blank_database(layout, "not_prepared", pgvector=True)
    with pytest.raises(StartError, match=r"not prepared: run docs/bootstrap\.sql"):
        check_database("DATABASE_URL", blank)


@pytest.mark.parametrize("broken", ["nonsense", "postgresql://app@/x?host=/nowhere&port=x"])
def test_a_url_of_another_form_is_one_clear_line(broken: str) -> None:
    with pytest.raises(StartError, match="DATABASE_URL does not work"):
        check_database("DATABASE_URL", broken)
