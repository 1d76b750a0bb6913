"""Migrating every schema: the shared one, the template, then each tenant that is behind.

Who is behind is asked for 50 schemas at a time, because a deploy with nothing to migrate must not
cost a second per tenant. Each schema is migrated by Django's own executor and records its own
history, so a run that was killed goes on where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants.context import owner_context
from tenants.names import quote
from tenants.schemas.template import (
    FleetError,
    open_template,
    store_template,
    template_is_stored,
)

_BATCH = 50
# Any number that nothing else locks in this database.
_ONE_AT_A_TIME = 0x6D69_6772_6174_6531
_LOCK_TIMEOUT_SECONDS = 2
_ATTEMPTS = 30


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


def take_turn(waiting: Callable[[], None]) -> None:
    """Takes this database's only place for migrations, until the connection ends. `waiting` is called
    once when another run has it; then this one waits for its end."""
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            waiting()
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        # A change of a table waits behind its readers, and everybody then behind the change.
        cursor.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")


def migrate_schema(schema: str, app_names: list[str]) -> bool:
    """Bring one schema to head; True when there was something to do. Migration login only.

    A change that does not get its lock at once lets those in front of it through, and tries again.
    Raises `FleetError` when somebody holds a table for minutes.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _migrate_schema(schema, app_names)
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise
            # Longer each time, so that a busy table gets its readers done.
            time.sleep(min(0.1 * 2**attempt, 5))
    raise FleetError(
        f"A table of {schema} is in use and cannot be changed: end what holds it (pg_locks, "
        "pg_stat_activity) and run this again. It goes on where it stopped."
    )


def _migrate_schema(schema: str, app_names: list[str]) -> bool:
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
    open_template()
    changed = migrate_schema(settings.TEMPLATE_SCHEMA, settings.TENANT_APPS)
    if changed or not template_is_stored():
        _harden(settings.TEMPLATE_SCHEMA)
        store_template()
    return changed


def _harden(schema: str) -> None:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT public.harden_tenant_schema(%s)", [schema])


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


def schemas_without_role() -> list[str]:
    """Workspaces that cannot be opened, because their role is not on this server: the database was
    restored from a dump, which holds none. In any context."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name FROM public.tenants_tenant WHERE status <> 'erasing' "
            "AND to_regnamespace(schema_name) IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles "
            "WHERE rolname = current_database() || '.' || schema_name) ORDER BY schema_name"
        )
        return [row[0] for row in cursor.fetchall()]


def restore_roles() -> int:
    """Makes the roles that are missing again. Returns of how many workspaces."""
    with owner_context():
        missing = schemas_without_role()
        for schema in missing:
            with connection.cursor() as cursor:
                cursor.execute("SELECT public.restore_tenant_role(%s)", [schema])
    return len(missing)


def is_behind() -> bool:
    """Whether the shared schema lacks a migration of this release (platform context)."""
    labels = _labels(settings.SHARED_APPS)
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        have = set(cursor.fetchall())
    return not {key for key in disk if key[0] in labels} <= have
