"""A schema for rows that come from a backup: made as it was on that day, filled, and brought to head.

Everything here runs as the owner, in a transaction of the caller's (migration login alone).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tenants.context import owner_context
from tenants.names import is_schema_name, quote, role_name

_HISTORY = "django_migrations"
_FOREIGN_KEYS = """
SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE connamespace = to_regnamespace(%s) AND contype = 'f' ORDER BY 1, 2
"""
_INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = to_regnamespace(%s)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1
"""
_NUMBERED = """
SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND attidentity <> ''
"""
_COUNT_ON = """
SELECT setval(pg_get_serial_sequence(%s, %s), coalesce((SELECT max({}) FROM {}), 0) + 1, false)
"""
# As `restore_tenant_role` does it: whoever works for the platform works for its workspaces.
_LOGINS = """
SELECT DISTINCT membership.member::regrole::text FROM pg_auth_members membership
JOIN pg_roles platform ON platform.oid = membership.roleid
WHERE platform.rolname = current_database() || '.platform'
    AND membership.member <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
"""


def unknown_migrations(history: Collection[str]) -> list[str]:
    """Those that this release does not have: the tables are a newer one's."""
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return sorted(set(history) - {f"{app}.{name}" for app, name in disk})


def history_of(schema: str) -> set[str]:
    """The migrations that the schema has had, as `app.name`; none where there is no history."""
    with owner_context(schema), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{quote(schema)}.{_HISTORY}"])
        if cursor.fetchone()[0] is None:
            return set()
        cursor.execute("SELECT app || '.' || name FROM django_migrations")
        return {row[0] for row in cursor.fetchall()}


def migrate_to(schema: str, history: Collection[str]) -> None:
    """Gives a schema the migrations of `history`, and no later ones."""
    with owner_context(schema):
        executor = MigrationExecutor(connection)
        had = {tuple(each.split(".", 1)) for each in history}
        graph = executor.loader.graph
        # Of each app the last ones: what they rest on comes along.
        ends = [
            node
            for node in graph.nodes
            if node in had
            and not any(
                child.key in had and child.key[0] == node[0]
                for child in graph.node_map[node].children
            )
        ]
        executor.migrate(ends)


def open_schema(schema: str, history: Collection[str]) -> None:
    """A tenant's schema and role, with the tables of `history` and no rows in them."""
    is_current = history_of(settings.TEMPLATE_SCHEMA) == set(history)
    with owner_context(), connection.cursor() as cursor:
        if is_current:
            cursor.execute("SELECT public.provision_tenant(%s)", [schema])
        else:
            cursor.execute("SELECT public.open_tenant_schema(%s)", [schema])
            migrate_to(schema, history)
            cursor.execute("SELECT public.harden_tenant_schema(%s)", [schema])
    empty_tables(schema)


def empty_tables(schema: str, *, but: Collection[str] = ()) -> None:
    """Takes out what migrations have put in."""
    tables = tables_of(schema) - {_HISTORY, *but}
    with owner_context(schema), connection.cursor() as cursor:
        names = ", ".join(f"{quote(schema)}.{quote(table)}" for table in sorted(tables))
        cursor.execute(f"TRUNCATE {names}")


def tables_of(schema: str) -> set[str]:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' "
            "AND pg_get_userbyid(relowner) = current_user",
            [schema],
        )
        return {row[0] for row in cursor.fetchall()}


@contextmanager
def without_indexes(schema: str) -> Iterator[None]:
    """For the block the schema has neither indexes nor foreign keys beside its unique constraints. To
    build an index at once is many times faster than row by row, and so is to check all rows at once."""
    with owner_context(schema), connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS, [schema])
        keys = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
        cursor.execute(_INDEXES, [schema])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {quote(name)}")
    yield
    with owner_context(schema), connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}")


def count_on(schema: str) -> None:
    """Numbered rows go on behind the last one that is there."""
    with owner_context(schema), connection.cursor() as cursor:
        cursor.execute(_NUMBERED, [schema])
        for table, column in cursor.fetchall():
            last = sql.SQL(_COUNT_ON).format(sql.Identifier(column), sql.Identifier(table))
            cursor.execute(last, [f"{quote(schema)}.{quote(table)}", column])


def let_logins_in(schema: str) -> None:
    """The role was made by the migration login; the web's logins may take it as well."""
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(_LOGINS)
        role = quote(role_name(connection.settings_dict["NAME"], schema))
        for (login,) in cursor.fetchall():
            cursor.execute(f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE")


def drop_schema(schema: str) -> None:
    """A tenant's schema and role that no row leads to."""
    if not is_schema_name(schema):
        raise ValueError(f"not a tenant's schema: {schema}")
    with owner_context(), connection.cursor() as cursor:
        role = quote(role_name(connection.settings_dict["NAME"], schema))
        cursor.execute(f"DROP SCHEMA IF EXISTS {quote(schema)} CASCADE")
        cursor.execute(f"DROP ROLE IF EXISTS {role}")


def drop_shared_tables() -> None:
    """The shared tables and functions: an installation before its first migration. For one without
    tenants and people alone."""
    with owner_context(), connection.cursor() as cursor:
        for table in sorted(tables_of("public")):
            cursor.execute(f"DROP TABLE public.{quote(table)} CASCADE")
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) = current_user"
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function}")
