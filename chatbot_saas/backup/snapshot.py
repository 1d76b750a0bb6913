"""The database as it was at one moment, for as long as a backup takes.

One connection holds the snapshot and reads nothing. Each workspace is read in a transaction of its own,
which takes that snapshot: its locks end with it, and thousands of workspaces need no more than one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from chatbot_saas.backup.errors import BackupError
from tenants.backend.login import open_migration_connection

Connection = psycopg.Connection[tuple[Any, ...]]
Columns = dict[str, list[str]]
HISTORY = "django_migrations"
# A backup may take hours; who holds a table for a minute is migrating it. Text has one form for all.
_SESSION = """
SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s';
SET DateStyle = 'ISO'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres';
SET extra_float_digits = 1; SET bytea_output = 'hex'
"""
_TABLES = """
SELECT relname, array_agg(attname::text ORDER BY attnum)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')
    -- What somebody else has put there is not ours to read.
    AND pg_get_userbyid(relowner) = current_database() || '.owner'
    AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
GROUP BY relname ORDER BY relname
"""


class Gone(Exception):
    """The schema was removed after the snapshot was taken."""


@dataclass
class Snapshot:
    """`name` is what other transactions take it by."""

    name: str
    _reading: Connection
    _now: Connection

    @contextmanager
    def reading(self, schema: str) -> Iterator[Connection]:
        """A transaction that sees the snapshot, in which neither the schema's tables nor the shared ones
        can be migrated.

        Raises `Gone`, and `BackupError` when they were migrated since: a table that was written anew
        would be read as an empty one.
        """
        with self._reading.transaction():
            self._reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            taken = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(self.name))
            self._reading.execute(taken)
            for each in dict.fromkeys(("public", schema)):
                self._lock(each)
            yield self._reading

    def _lock(self, schema: str) -> None:
        tables = tables_of(self._now, schema)
        if HISTORY not in tables:
            raise Gone(schema)
        names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
        lock = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names)
        try:
            self._reading.execute(lock)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise Gone(schema) from error
        if history_of(self._now, schema) != history_of(self._reading, schema):
            raise BackupError(
                f"The tables of {schema} were migrated while they were backed up. Run the backup again."
            )


@contextmanager
def take_snapshot() -> Iterator[Snapshot]:
    """The state of now. Raises `BackupError` where the database cannot be read."""
    with _connect() as holding, _connect() as reading, _connect() as now:
        holding.autocommit = False
        holding.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = holding.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield Snapshot(row[0], reading, now)


@contextmanager
def _connect() -> Iterator[Connection]:
    with open_migration_connection() as connection:
        connection.execute(_SESSION)
        yield connection


def tables_of(connection: Connection, schema: str) -> Columns:
    """Table → its columns, of all tables of the schema."""
    return dict(connection.execute(_TABLES, [schema]).fetchall())


def history_of(connection: Connection, schema: str) -> list[str]:
    """The migrations that the schema's tables have had, as `app.name`."""
    query = sql.SQL("SELECT app || '.' || name FROM {} ORDER BY 1").format(
        sql.Identifier(schema, HISTORY)
    )
    found = connection.execute(query).fetchall()
    return [row[0] for row in found]


def copy_rows(connection: Connection, query: sql.Composed) -> Iterator[bytes]:
    """What a COPY statement gives, as it comes."""
    with connection.cursor() as cursor, cursor.copy(query) as copied:
        for piece in copied:
            yield bytes(piece)
