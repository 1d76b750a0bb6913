"""A workspace's section of a backup on its way into a schema that nobody can see yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from django.db import connection

from chatbot_saas.backup.archive import Part, Values
from chatbot_saas.backup.dump import ABOUT, FIRST, FORMAT
from chatbot_saas.backup.errors import BackupError, Damaged, Unfit
from chatbot_saas.backup.snapshot import HISTORY
from knowledge import storage
from tenants.backend.login import open_migration_connection
from tenants.context import owner_context
from tenants.names import quote, schema_name
from tenants.schemas import receiving

# Hours of loading are no hung statement; text has the form in which it was written.
_SESSION = """
SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s';
SET DateStyle = 'ISO'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres';
SET maintenance_work_mem = '256MB'; SET CONSTRAINTS ALL IMMEDIATE
"""


@dataclass(frozen=True)
class Head:
    """What a backup says of itself first."""

    id: str
    is_whole: bool
    made_at: str
    version: str
    migrations: list[str]


def read_head(parts: Iterator[Part]) -> Head:
    """Raises `Damaged`, and `Unfit` for a backup of a later release."""
    first = next(parts, None)
    if first is None or first.name != FIRST or first.section:
        raise Damaged("The backup does not begin as one.")
    told = first.value
    if told["format"] != FORMAT:
        raise Unfit(
            f"The backup has format {told['format']} of release {told['version']}; this release reads "
            f"format {FORMAT}. Use that release."
        )
    return Head(
        id=told["id"],
        is_whole=told["kind"] == "whole",
        made_at=told["made_at"],
        version=told["version"],
        migrations=told["migrations"],
    )


def check_release(what: str, migrations: list[str]) -> None:
    """Raises `Unfit` when tables are a later release's."""
    unknown = receiving.unknown_migrations(migrations)
    if unknown:
        raise Unfit(
            f"The backup is of a later release: {what} had the migration {unknown[-1]}, which this one "
            "lacks. Install that release, or a later one, and restore with it."
        )


@dataclass
class Origin:
    """What a section says about its workspace as it was."""

    id: UUID
    slug: str
    schema: str
    migrations: list[str]
    tables: dict[str, list[str]]

    @classmethod
    def of(cls, value: Values) -> "Origin":
        told = {name: value[name] for name in ("slug", "schema", "migrations", "tables")}
        return cls(UUID(value["id"]), **told)


@contextmanager
def own_files(tenant_id: UUID) -> Iterator[None]:
    """Files that the block has brought go again when it fails, unless the workspace is there all the
    same: an answer to COMMIT can be lost. Where some were before, none is removed: the folder may be
    that of a running installation, whose database this is not.

    Raises `BackupError` where it is unknown whether it is there.
    """
    were_there = any(True for _ in storage.list_files(tenant_id))
    try:
        yield
    except BaseException as error:
        is_here = True if were_there else _is_here(tenant_id)
        if is_here is None:
            raise BackupError(
                f"The database does not tell whether the workspace {tenant_id} was restored: its files "
                "were kept. When it answers again, run this again: a workspace that is there is refused."
            ) from error
        if not is_here:
            storage.remove_tenant_files(tenant_id)
        raise


def _is_here(tenant_id: UUID) -> bool | None:
    """Over a new connection, as the old one may be the failure. None where it cannot be known."""
    try:
        with open_migration_connection() as connection, connection.transaction():
            found = connection.execute("SELECT to_regclass('public.tenants_tenant')").fetchone()
            if found is None or found[0] is None:
                return False
            # Waits for a COMMIT that the server is still at, whoever has left it alone.
            connection.execute("SET LOCAL lock_timeout = '10s'")
            connection.execute("LOCK TABLE public.tenants_tenant IN SHARE MODE")
            query = "SELECT 1 FROM public.tenants_tenant WHERE id = %s"
            return connection.execute(query, [tenant_id]).fetchone() is not None
    except psycopg.Error:
        return None


@dataclass
class Loader:
    """Fills the schema of `tenant_id`. In `open` for as long as parts are taken."""

    origin: Origin
    tenant_id: UUID
    with_files: bool = True
    shared: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        return schema_name(self.tenant_id)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Makes the schema; whole and without a row of `shared` it is when the block has ended."""
        check_release(self.origin.slug, self.origin.migrations)
        receiving.open_schema(self.schema, self.origin.migrations)
        tables = receiving.tables_of(self.schema) - {HISTORY}
        if tables != self.origin.tables.keys():
            odd = sorted(tables ^ self.origin.tables.keys())
            raise Damaged(
                f"The tables of “{self.origin.slug}” in the backup are not those of its migrations: "
                f"{', '.join(odd)}. It was not made by this product as it is released."
            )
        with receiving.without_indexes(self.schema):
            yield
        receiving.count_on(self.schema)

    def take(self, part: Part) -> None:
        folder, _, name = part.name.partition("/")
        if part.kind == "files":
            if self.with_files:
                storage.put(self.tenant_id, part.name, part.pieces)
        elif folder == "tables" and part.kind == "rows":
            if name not in self.origin.tables:
                raise Damaged(f"The backup has rows of {name}, which it does not list.")
            copy_in(self.schema, name, self.origin.tables[name], part.pieces)
        elif folder == "shared" and part.kind == "rows":
            self.shared[name] = b"".join(part.pieces).splitlines()


def copy_in(schema: str, table: str, columns: list[str], pieces: Iterator[bytes]) -> None:
    """Rows of COPY's text into a table."""
    listed = ", ".join(map(quote, columns))
    query = f"COPY {quote(schema)}.{quote(table)} ({listed}) FROM STDIN"
    with owner_context(), connection.cursor() as cursor, cursor.copy(query) as copy:
        for piece in pieces:
            copy.write(piece)


def prepare_session() -> None:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute(_SESSION)


def is_about(part: Part) -> bool:
    """Whether a workspace's section begins with it."""
    return part.name == ABOUT and part.kind == "json"
