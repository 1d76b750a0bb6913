"""Whether a backup is whole, and whether its rows come out of a database as they went in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.db import connection, transaction
from psycopg import sql

from chatbot_saas.backup.archive import MANIFEST, ArchiveReader, Part, Sum, Values
from chatbot_saas.backup.dump import Say
from chatbot_saas.backup.errors import Damaged
from chatbot_saas.backup.loading import (
    Head,
    Loader,
    Origin,
    check_release,
    copy_in,
    is_about,
    prepare_session,
    read_head,
)
from chatbot_saas.backup.one import load_section
from core.ids import new_id
from tenants.backend.login import migration_login
from tenants.context import owner_context
from tenants.names import quote
from tenants.schemas import fleet, receiving

# Rolled back with all that is in it.
_SCRATCH = "verify_backup"


@dataclass
class Verified:
    """What a whole backup holds."""

    head: Head
    workspaces: int = 0
    rows: int = 0
    files: int = 0


def verify(source: BinaryIO, passphrase: str, *, say: Say) -> Verified:
    """Without a database. Raises `BackupError`."""
    reader = ArchiveReader(source, passphrase)
    parts = reader.parts()
    head = read_head(parts)
    for part in parts:
        say(f"{part.section}/{part.name}")
    return _verified(head, reader.summary)


def try_restore(source: BinaryIO, passphrase: str, *, say: Say) -> Verified:
    """With a transaction for each workspace that is rolled back. Files are summed up alone."""
    reader = ArchiveReader(source, passphrase)
    parts = reader.parts()
    head = read_head(parts)
    check_release("the installation", head.migrations)
    with migration_login():
        fleet.take_turn(lambda: say("another run changes tables: waiting for its end"))
        for part in parts:
            if is_about(part):
                _try_workspace(parts, Origin.of(part.value), say)
            elif part.section == "shared":
                _try_shared(parts, head, part.value["tables"])
    return _verified(head, reader.summary)


def _verified(head: Head, summary: Values) -> Verified:
    counts = {name: summary[name] for name in ("workspaces", "rows", "files")}
    return Verified(head, **counts)


def _try_workspace(parts: Iterator[Part], origin: Origin, say: Say) -> None:
    with transaction.atomic():
        prepare_session()
        loader = Loader(origin, new_id(), with_files=False)
        manifest = load_section(parts, loader, say)
        for table, columns in origin.tables.items():
            _compare(loader.schema, table, columns, manifest.value["parts"][f"tables/{table}"])
        transaction.set_rollback(True)
    say(f"{origin.slug}: loaded and compared")


def _try_shared(parts: Iterator[Part], head: Head, tables: dict[str, list[str]]) -> None:
    """In tables like the real ones, which are in use and may be another release's."""
    is_comparable = receiving.history_of("public") == set(head.migrations)
    with transaction.atomic(), owner_context():
        prepare_session()
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA verify_backup")
        for part in parts:
            if part.section != "shared" or not is_comparable:
                continue
            if part.kind == "rows":
                _make_scratch(part.name)
                copy_in(_SCRATCH, part.name, tables[part.name], part.pieces)
            elif part.name == MANIFEST:
                for table, told in part.value["parts"].items():
                    if told["count"]:
                        _compare(_SCRATCH, table, tables[table], told)
        transaction.set_rollback(True)


def _make_scratch(table: str) -> None:
    with connection.cursor() as cursor:
        made = sql.SQL("CREATE TABLE {} (LIKE {})").format(
            sql.Identifier(_SCRATCH, table), sql.Identifier("public", table)
        )
        cursor.execute(made)


def _compare(schema: str, table: str, columns: list[str], told: Values) -> None:
    """What a table gives with what it was given: in a new table rows lie in the order they came in."""
    listed = ", ".join(map(quote, columns))
    found = Sum()
    with owner_context(), connection.cursor() as cursor:
        query = f"COPY {quote(schema)}.{quote(table)} ({listed}) TO STDOUT"
        with cursor.copy(query) as copied:
            for piece in copied:
                found.add_rows(bytes(piece))
    if found.told() != told:
        raise Damaged(f"The table {table} does not come out of the database as it was backed up.")
