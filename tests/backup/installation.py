"""A whole installation beside the tests' own: a database on the same server, and a folder for files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from chatbot_saas.embedded.binaries import find_binaries
from chatbot_saas.embedded.bootstrap import run_bootstrap
from tests.backup.commands import KEY
from tests.live import ROOT
from tests.platform.processes import layout

_ROWS = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'
    AND relname NOT IN ('tenant_template', 'django_migrations') ORDER BY relname
"""


@dataclass(frozen=True)
class Installation:
    """`secret` is its SECRET_KEY."""

    database: str
    media: Path
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        where, credentials = layout(), layout().credentials
        migrator = where.database_url("migrator", credentials.migrator, self.database)
        return {
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "DATABASE_URL": where.database_url("app", credentials.app, self.database),
            "MIGRATION_DATABASE_URL": migrator,
            "MEDIA_ROOT": str(self.media),
            "SECRET_KEY": self.secret,
            "BACKUP_KEY": KEY,
        }

    def run(
        self, *arguments: str, expect: int = 0, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """A command of the shell, which must end with this exit code."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def manage(self, *arguments: str, expect: int = 0, **environment: str) -> str:
        """What a command said."""
        done = self.run("manage.py", *arguments, expect=expect, **environment)
        return done.stdout + done.stderr

    @contextmanager
    def superuser(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        url = layout().database_url("postgres", layout().credentials.superuser, self.database)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def rows(self, schema: str) -> dict[str, list[str]]:
        """Table → its rows as text, sorted."""
        with self.superuser() as connection:
            tables = [row[0] for row in connection.execute(_ROWS, [schema])]
            return {
                table: sorted(
                    row[0]
                    for row in connection.execute(
                        sql.SQL("SELECT found::text FROM {} AS found").format(
                            sql.Identifier(schema, table)
                        )
                    )
                )
                for table in tables
            }

    def schemas(self) -> list[str]:
        with self.superuser() as connection:
            query = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\_%' ORDER BY 1"
            return [row[0] for row in connection.execute(query)]


@contextmanager
def installation(folder: Path, *, migrated: bool = True) -> Iterator[Installation]:
    """A prepared database, which goes with all of its roles."""
    name = f"backup_{uuid4().hex[:12]}"
    where = layout()
    run_bootstrap(where, find_binaries(where.account), database=name)
    made = Installation(name, folder / name, uuid4().hex + uuid4().hex)
    try:
        if migrated:
            made.manage("migrate_tenants")
        yield made
    finally:
        _drop(name)


def _drop(name: str) -> None:
    with psycopg.connect(layout().superuser_url, autocommit=True) as superuser:
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        roles = superuser.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) ORDER BY 1 DESC",
            [f"{name}."],
        ).fetchall()
        for (role,) in roles:
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
