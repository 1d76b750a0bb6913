"""Writing a backup: the sections of workspaces one after the other, then the shared tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.utils import timezone
from psycopg import sql

from chatbot_saas import VERSION
from chatbot_saas.backup.archive import ArchiveWriter, Values
from chatbot_saas.backup.errors import Unfit
from chatbot_saas.backup.inventory import SHARED
from chatbot_saas.backup.snapshot import (
    HISTORY,
    Connection,
    Gone,
    Snapshot,
    copy_rows,
    history_of,
    tables_of,
    take_snapshot,
)
from core.ids import new_id
from knowledge import storage

FORMAT = 1
FIRST, WORKSPACES, ABOUT = "backup.json", "workspaces", "workspace.json"
Say = Callable[[str], None]


@dataclass
class Made:
    """What a backup holds."""

    id: UUID
    workspaces: int = 0
    rows: int = 0
    files: int = 0
    # Removed while it was made: in the list of files or workspaces, and then not there.
    files_gone: int = 0
    workspaces_gone: int = 0

    def told(self) -> Values:
        return {
            "workspaces": self.workspaces,
            "rows": self.rows,
            "files": self.files,
            "files_gone": self.files_gone,
        }


@dataclass(frozen=True)
class Workspace:
    """A row of the table of tenants."""

    id: UUID
    slug: str
    schema: str
    status: str


_WORKSPACES = """
SELECT id, slug, schema_name, status FROM public.tenants_tenant
WHERE status <> 'erasing' AND (%(slug)s::text IS NULL OR slug = %(slug)s) ORDER BY schema_name
"""


def write_backup(target: BinaryIO, passphrase: str, *, slug: str | None, say: Say) -> Made:
    """All of it, or the workspace `slug` alone. Raises `BackupError`."""
    with take_snapshot() as snapshot:
        with snapshot.reading("public") as connection:
            found = connection.execute(_WORKSPACES, {"slug": slug}).fetchall()
            history = history_of(connection, "public")
        workspaces = [Workspace(*row) for row in found]
        if slug is not None and not workspaces:
            raise Unfit(
                f"There is no workspace “{slug}”: name one by the first part of its address."
            )
        made = Made(new_id())
        writer = ArchiveWriter(target, passphrase)
        writer.write_json(FIRST, _about(made, slug, history))
        gone = _write_workspaces(writer, snapshot, workspaces, made, say)
        if slug is not None and gone:
            raise Unfit(f"The workspace “{slug}” was removed while it was backed up.")
        if slug is None:
            with snapshot.reading("public") as connection:
                made.rows += _write_shared(writer, connection, gone)
            say("shared tables: done")
        writer.close(made.told())
    return made


def _about(made: Made, slug: str | None, history: list[str]) -> Values:
    return {
        "format": FORMAT,
        "id": str(made.id),
        "kind": "whole" if slug is None else "workspace",
        "made_at": timezone.now().isoformat(),
        "version": VERSION,
        "migrations": history,
    }


def _write_workspaces(
    writer: ArchiveWriter,
    snapshot: Snapshot,
    workspaces: list[Workspace],
    made: Made,
    say: Say,
) -> list[UUID]:
    """Returns those that were removed meanwhile."""
    gone = []
    for number, workspace in enumerate(workspaces, start=1):
        try:
            with snapshot.reading(workspace.schema) as connection:
                _write_workspace(writer, connection, workspace, made)
        except Gone:
            gone.append(workspace.id)
            continue
        made.workspaces += 1
        say(f"workspace {number} of {len(workspaces)}: {workspace.slug}")
    made.workspaces_gone = len(gone)
    return gone


def _write_workspace(
    writer: ArchiveWriter, connection: Connection, workspace: Workspace, made: Made
) -> None:
    schema = workspace.schema
    tables = tables_of(connection, schema)
    tables.pop(HISTORY)
    writer.open_section(f"{WORKSPACES}/{schema}")
    writer.write_json(
        ABOUT,
        {
            "id": str(workspace.id),
            "slug": workspace.slug,
            "schema": schema,
            "migrations": history_of(connection, schema),
            "tables": tables,
        },
    )
    for table, columns in tables.items():
        query = _copy(schema, table, columns)
        made.rows += writer.write_rows(f"tables/{table}", copy_rows(connection, query))
    _write_files(writer, workspace.id, made)
    for table, shared in SHARED.items():
        if shared.of_one:
            rows = _shared_rows(connection, table, shared.of_one, workspace.id)
            made.rows += writer.write_rows(f"shared/{table}", rows)
    writer.close_section()


def _write_files(writer: ArchiveWriter, tenant_id: UUID, made: Made) -> None:
    """After the rows: a file that no row of the snapshot names costs a little room, and one that is
    missing would be missed."""
    for path in storage.list_files(tenant_id):
        try:
            with storage.open_file(tenant_id, path) as (file, size):
                writer.write_file("files", path, size, file)
                made.files += 1
        except FileNotFoundError:
            made.files_gone += 1


def _shared_rows(
    connection: Connection, table: str, condition: str, tenant_id: UUID
) -> Iterator[bytes]:
    """As JSON, a line each: they are few, and are looked at one by one when they are restored."""
    query = sql.SQL("SELECT to_jsonb(found)::text FROM {} AS found WHERE {}").format(
        sql.Identifier("public", table), sql.SQL(condition)
    )
    with connection.cursor("shared_rows") as cursor:
        for (row,) in cursor.execute(query, {"tenant": tenant_id}):
            yield f"{row}\n".encode()


def _write_shared(writer: ArchiveWriter, connection: Connection, gone: list[UUID]) -> int:
    """Whole tables, without the rows of workspaces that are being or have been erased."""
    columns = tables_of(connection, "public")
    unknown = columns.keys() - SHARED.keys()
    if unknown:
        raise Unfit(
            f"The inventory of shared tables lacks {', '.join(sorted(unknown))}: this release does not "
            "know them. Is another release's database configured?"
        )
    wanted = {name: columns[name] for name, shared in SHARED.items() if shared.in_whole}
    writer.open_section("shared")
    writer.write_json("tables.json", {"tables": wanted})
    rows = 0
    for table, listed in wanted.items():
        query = _copy("public", table, listed, SHARED[table].workspace, gone)
        rows += writer.write_rows(table, copy_rows(connection, query))
    writer.close_section()
    return rows


def _copy(
    schema: str,
    table: str,
    columns: list[str],
    workspace: str = "",
    gone: list[UUID] | None = None,
) -> sql.Composed:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    name = sql.Identifier(schema, table)
    if not workspace:
        return sql.SQL("COPY {} ({}) TO STDOUT").format(name, listed)
    return sql.SQL(
        "COPY (SELECT {} FROM {} WHERE {} IN (SELECT id FROM public.tenants_tenant "
        "WHERE status <> 'erasing' AND id <> ALL ({}::uuid[]))) TO STDOUT"
    ).format(
        listed, name, sql.Identifier(workspace), sql.Literal([str(each) for each in gone or []])
    )
