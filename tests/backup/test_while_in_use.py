"""Backups and restores of what changes meanwhile: writes, deploys, removals, kills and full disks."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from chatbot_saas.backup.archive import ArchiveReader
from chatbot_saas.backup.errors import BackupError
from chatbot_saas.backup.snapshot import Gone, take_snapshot
from conversations.chatbots.onboarding import Workspace
from knowledge import storage
from tenants.backend.login import open_migration_connection
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.names import quote, schema_name
from tenants.schemas.provisioning import drop_tenant
from tenants.workspace.models import AuditEvent
from tests.backup.commands import KEY, backup, restore
from tests.backup.compare import tenant_at
from tests.eventually import eventually
from tests.live import ROOT


@contextmanager
def writing(workspace: Workspace) -> Iterator[list[str]]:
    """Pairs of rows, each pair in one transaction, for as long as the block takes."""
    over, written = threading.Event(), list[str]()

    def write() -> None:
        while not over.is_set():
            mark = uuid4().hex
            with tenant_context(workspace.tenant.id), transaction.atomic():
                AuditEvent.objects.create(action="first", actor=mark)
                AuditEvent.objects.create(action="second", actor=mark)
            written.append(mark)
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        eventually(lambda: len(written) > 5)
        yield written
    finally:
        over.set()
        thread.join()


def test_a_workspace_that_is_written_to_is_backed_up_as_it_was_at_one_moment(
    workspace: Workspace, tmp_path: Path
) -> None:
    file, slug = tmp_path / "one.backup", f"c{uuid4().hex[:16]}"
    with writing(workspace) as written:
        before = len(written)
        backup(file, "--tenant", workspace.tenant.slug)
        eventually(lambda: len(written) > before + 5)
        restore(file, "--tenant", workspace.tenant.slug, "--as", slug)
    with tenant_context(tenant_at(slug)):
        firsts = set(AuditEvent.objects.filter(action="first").values_list("actor", flat=True))
        seconds = set(AuditEvent.objects.filter(action="second").values_list("actor", flat=True))
    assert firsts == seconds
    assert set(written[:before]) <= firsts < set(written)


def test_a_deploy_meanwhile_ends_the_backup_and_not_the_deploy(workspace: Workspace) -> None:
    schema = schema_name(workspace.tenant.id)
    with take_snapshot() as snapshot:
        with snapshot.reading(schema) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with open_migration_connection() as owner:
            owner.execute(
                f"INSERT INTO {quote(schema)}.django_migrations (app, name, applied) "
                "VALUES ('billing', '9999_later', now())"
            )
        with pytest.raises(BackupError, match="were migrated while"), snapshot.reading(schema):
            pass


def test_a_workspace_that_is_removed_meanwhile_is_in_the_backup_nowhere(
    workspace: Workspace,
) -> None:
    schema = schema_name(workspace.tenant.id)
    with take_snapshot() as snapshot:
        drop_tenant(workspace.tenant.id)
        with pytest.raises(Gone), snapshot.reading(schema):
            pass


def start(*arguments: str, **pipes: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings", "BACKUP_KEY": KEY},
        **pipes,
    )


def test_a_killed_restore_leaves_nothing_that_is_seen_and_a_second_one_works(
    workspace: Workspace, tmp_path: Path
) -> None:
    file, slug = tmp_path / "one.backup", f"c{uuid4().hex[:16]}"
    with tenant_context(workspace.tenant.id):
        # What comes before the large one is written when it is begun.
        storage.put(workspace.tenant.id, "large", [os.urandom(4_000_000)])
    backup(file, "--tenant", workspace.tenant.slug)
    sealed = file.read_bytes()
    folders = set(storage.tenant_folder(workspace.tenant.id).parent.iterdir())
    killed = start(
        *("restore", "-", "--tenant", workspace.tenant.slug, "--as", slug), stdin=subprocess.PIPE
    )
    root = storage.tenant_folder(workspace.tenant.id).parent

    def new_files() -> list[Path]:
        return [path for folder in set(root.iterdir()) - folders for path in folder.glob("large*")]

    assert killed.stdin is not None
    try:
        killed.stdin.write(sealed[: len(sealed) - 1_100_000])
        killed.stdin.flush()
        eventually(new_files)
    finally:
        killed.kill()
        killed.wait()
    with platform_context():
        assert not Tenant.objects.filter(slug=slug).exists()
    restore(file, "--tenant", workspace.tenant.slug, "--as", slug)
    with storage.open_file(tenant_at(slug), "large") as (_, size):
        assert size == 4_000_000


def test_a_full_disk_is_one_line_and_a_backup_may_go_through_a_pipe(workspace: Workspace) -> None:
    arguments = ("backup", "-", "--tenant", workspace.tenant.slug)
    with Path("/dev/full").open("wb") as full:
        refused = start(*arguments, stdout=full.fileno(), stderr=subprocess.PIPE)
        said = refused.communicate()[1].decode()
    assert refused.returncode == 1
    assert "CommandError: The disk is full (standard output)" in said
    assert "Traceback" not in said
    piped = start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    sealed = piped.communicate()[0]
    assert piped.returncode == 0
    assert list(ArchiveReader(BytesIO(sealed), KEY).parts())
