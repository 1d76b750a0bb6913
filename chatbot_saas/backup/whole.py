"""Restoring a whole installation into an empty one.

Workspaces come first, each in a transaction of its own and without a row that would lead to it; the
shared tables come last, in one transaction, once the backup was read to its end. A restore that is
killed has shown nobody anything, and the next one removes what it left.
"""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from chatbot_saas.backup.archive import ArchiveReader, Part
from chatbot_saas.backup.dump import Say
from chatbot_saas.backup.errors import Damaged, Unfit
from chatbot_saas.backup.inventory import SHARED
from chatbot_saas.backup.loading import (
    Head,
    Loader,
    Origin,
    check_release,
    copy_in,
    is_about,
    own_files,
    prepare_session,
    read_head,
)
from chatbot_saas.backup.one import load_section
from chatbot_saas.backup.stopping import Stop
from tenants.backend.login import migration_login
from tenants.context import owner_context
from tenants.models import Tenant, User
from tenants.names import is_schema_name, schema_name
from tenants.people.second_factor import count_closed
from tenants.schemas import fleet, receiving
from tenants.schemas.moving import Move, tell_of_move
from tenants.schemas.template import open_template, store_template

_COMMITTED = (
    "Stopped. Everything of the backup is here, its files too; tables may still be an earlier release's: "
    "run manage.py migrate_tenants before you start the product."
)


@dataclass
class RestoredInstallation:
    """`notes` are sentences about what does not work here as it did there."""

    made_at: str
    workspaces: int = 0
    notes: list[str] = field(default_factory=list)


def restore_installation(
    source: BinaryIO, passphrase: str, *, say: Say, stop: Stop
) -> RestoredInstallation:
    """Everything of a backup. Raises `BackupError`, `Unfit` where something is here already."""
    parts = ArchiveReader(source, passphrase).parts()
    head = read_head(parts)
    if not head.is_whole:
        raise Unfit("This is a backup of one workspace: name it with --tenant.")
    check_release("the installation", head.migrations)
    with migration_login():
        fleet.take_turn(lambda: say("another run changes tables: waiting for its end"))
        _refuse_full()
        remove_remains()
        _go_back_to(head)
        restored = RestoredInstallation(head.made_at)
        try:
            with ExitStack() as files:
                origins = _load(parts, restored, files, say, stop)
        except BaseException:
            # Of a lost connection the next run removes them: what is told is why it was lost.
            with suppress(DatabaseError):
                remove_remains()
            raise
        stop.release(_COMMITTED)
        say("migrating to this release")
        _bring_to_head()
        _settle(origins, restored)
        stop.hold()
    return restored


def _refuse_full() -> None:
    with owner_context():
        if not receiving.history_of("public"):
            return
        here = [*Tenant.objects.values_list("slug", flat=True)[:3]]
        people = User.objects.count()
    if here or people:
        what = f"workspaces ({', '.join(here)}, …)" if here else f"{people} accounts"
        raise Unfit(
            f"This installation is not empty: it has {what}. Restore into a new database and a new "
            "MEDIA_ROOT, or one workspace beside the others: --tenant NAME --as NEW-NAME."
        )


def remove_remains() -> None:
    """Of a restore that did not come to its end: schemas and roles that no row leads to."""
    for schema in sorted(_orphans()):
        with transaction.atomic():
            receiving.drop_schema(schema)


def _orphans() -> set[str]:
    with owner_context(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%'")
        schemas = {row[0] for row in cursor.fetchall() if is_schema_name(row[0])}
    known = set(fleet.tenant_schemas()) if receiving.history_of("public") else set()
    return schemas - known - {settings.TEMPLATE_SCHEMA}


def _go_back_to(head: Head) -> None:
    """Shared tables as they were in the backup's release, empty, and no template yet."""
    with transaction.atomic():
        receiving.drop_schema(settings.TEMPLATE_SCHEMA)
        if receiving.history_of("public") != set(head.migrations):
            receiving.drop_shared_tables()
            receiving.migrate_to("public", head.migrations)


def _make_template(migrations: list[str]) -> None:
    """Of the first workspace's release: most others have the same tables, and replay it."""
    if not receiving.history_of(settings.TEMPLATE_SCHEMA):
        open_template()
        receiving.migrate_to(settings.TEMPLATE_SCHEMA, migrations)
        store_template()


def _load(
    parts: Iterator[Part],
    restored: RestoredInstallation,
    files: ExitStack,
    say: Say,
    stop: Stop,
) -> list[Origin]:
    origins: list[Origin] = []
    for part in parts:
        if is_about(part):
            origin = Origin.of(part.value)
            if origin.schema != schema_name(origin.id):
                raise Damaged(f"The section of “{origin.slug}” is not that of its id.")
            check_release(origin.slug, origin.migrations)
            files.enter_context(own_files(origin.id))
            _make_template(origin.migrations)
            with transaction.atomic():
                prepare_session()
                load_section(parts, Loader(origin, origin.id), say)
                receiving.let_logins_in(origin.schema)
            origins.append(origin)
            restored.workspaces += 1
            say(f"workspace {restored.workspaces}: {origin.slug}")
        elif part.section == "shared":
            _load_shared(part, parts, stop)
    return origins


def _load_shared(first: Part, parts: Iterator[Part], stop: Stop) -> None:
    tables: dict[str, list[str]] = first.value["tables"]
    here = receiving.tables_of("public")
    lost = tables.keys() - (here & SHARED.keys())
    if lost:
        raise Unfit(f"This release has no shared table {', '.join(sorted(lost))}.")
    with transaction.atomic():
        prepare_session()
        receiving.empty_tables("public", but=["tenant_template"])
        with receiving.without_indexes("public"):
            for part in parts:
                if part.section == "shared" and part.kind == "rows":
                    copy_in("public", part.name, tables[part.name], part.pieces)
            # The loop ends with the archive, which was whole: only now anything is visible.
        receiving.count_on("public")
        stop.hold()


def _bring_to_head() -> None:
    fleet.migrate_public()
    fleet.migrate_template()
    for _ in fleet.migrate_fleet():
        pass


def _settle(origins: list[Origin], restored: RestoredInstallation) -> None:
    with owner_context():
        closed = count_closed()
    if closed:
        restored.notes.append(
            f"{closed} second factors of operators do not open with this server's SECRET_KEY. Put that "
            "of the backup into SECRET_KEY_FALLBACKS, or make new ones: manage.py reset_second_factor."
        )
    for origin in origins:
        with transaction.atomic(), owner_context(origin.schema):
            move = Move(origin.id, origin.id, "", "")
            told = tell_of_move(move)
        restored.notes += [f"{origin.slug}: {sentence}" for sentence in told]
