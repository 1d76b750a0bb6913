"""Restoring one workspace beside the others: under its own name and id where it is gone, or as a copy.

Everything happens in one transaction. Until it commits nobody sees anything, and a restore that is killed
leaves nothing but files, which the next run of the same command writes again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from chatbot_saas.backup.archive import MANIFEST, ArchiveReader, Part
from chatbot_saas.backup.arrival import Arrival
from chatbot_saas.backup.dump import WORKSPACES, Say
from chatbot_saas.backup.errors import Unfit
from chatbot_saas.backup.loading import (
    Head,
    Loader,
    Origin,
    is_about,
    own_files,
    prepare_session,
    read_head,
)
from chatbot_saas.backup.stopping import Stop
from core.errors import InvalidRequest
from tenants.backend.login import migration_login
from tenants.context import owner_context
from tenants.models import Tenant
from tenants.schemas import receiving
from tenants.schemas.fleet import migrate_schema, take_turn
from tenants.schemas.moving import Move, tell_of_move
from tenants.schemas.provisioning import check_slug
from tenants.workspace.services import SYSTEM, record_event

_ACTION = "tenant.restored"


@dataclass
class RestoredWorkspace:
    """What is here now. `notes` are sentences about what could not come along."""

    id: UUID
    slug: str
    host: str
    made_at: str
    notes: list[str] = field(default_factory=list)


def restore_workspace(
    source: BinaryIO,
    passphrase: str,
    *,
    slug: str | None,
    new_slug: str | None,
    say: Say,
    stop: Stop,
) -> RestoredWorkspace:
    """The workspace `slug` of a backup, which may be left out where it has one alone; as a copy of
    another id where there is a `new_slug`. Raises `BackupError`."""
    parts = ArchiveReader(source, passphrase).parts()
    head = read_head(parts)
    if head.is_whole and slug is None:
        raise Unfit("This is a backup of the whole installation: name the workspace with --tenant.")
    with migration_login():
        take_turn(lambda: say("another run changes tables: waiting for its end"))
        origin = find_origin(parts, slug)
        tenant_id = _choose_id(origin, new_slug)
        with own_files(tenant_id):
            loader = Loader(origin, tenant_id)
            return _restore(parts, head, loader, slug=new_slug or origin.slug, say=say, stop=stop)


def find_origin(parts: Iterator[Part], slug: str | None) -> Origin:
    """Reads on to the workspace's section."""
    for part in parts:
        if is_about(part) and slug in (None, part.value["slug"]):
            return Origin.of(part.value)
    raise Unfit(f"The backup has no workspace “{slug}”.")


def _choose_id(origin: Origin, new_slug: str | None) -> UUID:
    """Its own, or of a copy one that follows from both, so that a second run finds what a first one
    left. Raises `Unfit`."""
    with owner_context():
        taken = Tenant.objects.filter(slug=new_slug or origin.slug).first()
        if new_slug is not None:
            try:
                check_slug(new_slug)
            except InvalidRequest as error:
                raise Unfit(str(error)) from error
            tenant_id = uuid5(origin.id, new_slug)
        else:
            tenant_id = origin.id
        here = taken or Tenant.objects.filter(pk=tenant_id).first()
    if here is None:
        return tenant_id
    if here.status == Tenant.Status.ERASING:
        raise Unfit(f"The workspace “{here.slug}” is being erased: try again when it is gone.")
    raise Unfit(
        f"There is a workspace “{here.slug}” here. Restore this one beside it under another name: "
        "--as NEW-NAME."
    )


def _restore(
    parts: Iterator[Part], head: Head, loader: Loader, *, slug: str, say: Say, stop: Stop
) -> RestoredWorkspace:
    origin, tenant_id = loader.origin, loader.tenant_id
    with transaction.atomic():
        prepare_session()
        load_section(parts, loader, say)
        if not head.is_whole:
            # To its end: what is cut off or altered behind the section is no backup to rely on.
            for _ in parts:
                pass
        bring_to_head(loader.schema)
        arrival = Arrival(origin, tenant_id, slug, loader.shared)
        arrival.store()
        receiving.let_logins_in(loader.schema)
        with owner_context(loader.schema):
            move = Move(origin.id, tenant_id, arrival.old_host, arrival.host, arrival.people)
            arrival.notes += tell_of_move(move)
            record_event(
                action=_ACTION, actor=SYSTEM, target=str(tenant_id), name=slug, backup=head.id
            )
        # To the end of the command: with the commit all is done.
        stop.hold()
    return RestoredWorkspace(tenant_id, slug, arrival.host, head.made_at, arrival.notes)


def load_section(parts: Iterator[Part], loader: Loader, say: Say) -> Part:
    """From behind its beginning to its manifest, which is returned and has been compared."""
    section = f"{WORKSPACES}/{loader.origin.schema}"
    with loader.open():
        for part in parts:
            if part.section == section and part.name == MANIFEST:
                break
            loader.take(part)
            say(f"{loader.origin.slug}: {part.name}")
        say(f"{loader.origin.slug}: indexes")
    return part


def bring_to_head(schema: str) -> None:
    """A backup of an earlier release has that one's tables."""
    if migrate_schema(schema, settings.TENANT_APPS):
        with owner_context(), connection.cursor() as cursor:
            cursor.execute("SELECT public.harden_tenant_schema(%s)", [schema])
