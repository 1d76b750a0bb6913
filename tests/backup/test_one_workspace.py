"""One workspace is backed up beside the running rest and comes back whole, as itself or as a copy."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import override_settings

from chatbot_saas.backup.archive import ArchiveReader
from conversations.chatbots.identity_secrets import open_identity_secrets
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Message
from core.crypto import KeyRing
from core.errors import TenantSuspended, Unauthenticated
from knowledge import storage
from knowledge.models import Document
from tenants.access import tenant_of_host
from tenants.backend.login import open_migration_connection
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import authenticate
from tenants.keys.visitor_tokens import issue_visitor_token, read_visitor_token
from tenants.models import APIKey, Membership, Tenant, User
from tenants.names import quote, schema_name
from tenants.schemas.lifecycle import suspend_tenant
from tenants.schemas.provisioning import drop_tenant
from tenants.workspace.models import AuditEvent
from tests.backup.commands import KEY, backup, refusal, restore, verify
from tests.backup.compare import as_tenant, lost, rows_of, tenant_at
from tests.isolation.canaries import canary
from tests.isolation.world import World, build
from tests.live import ROOT


@pytest.fixture
def world(make_workspace: Callable[[], Workspace]) -> World:
    return build(make_workspace())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "one.backup"


def new_slug() -> str:
    return f"c{uuid4().hex[:16]}"


def erase(workspace: Workspace) -> None:
    drop_tenant(workspace.tenant.id)
    storage.remove_tenant_files(workspace.tenant.id)


def contents(file: Path) -> bytes:
    """All that the seal holds."""
    parts = ArchiveReader(BytesIO(file.read_bytes()), KEY).parts()
    return b"".join(b"".join(part.pieces) + json.dumps(part.value).encode() for part in parts)


def test_a_copy_has_every_row_and_file_and_stands_beside_the_original(
    world: World, file: Path
) -> None:
    original, slug = world.workspace.tenant, new_slug()
    backup(file, "--tenant", original.slug)
    # What was backed up is known by now to the original's trail alone.
    before = rows_of(original.id)
    restore(file, "--tenant", original.slug, "--as", slug)
    with as_tenant(slug) as copy_id:
        assert tenant_of_host(f"{slug}.localhost") == copy_id != original.id
        document = Document.objects.get(pk=world.ids["document_id"])
        assert (
            (storage.tenant_folder(copy_id) / document.path)
            .read_bytes()
            .startswith(b"The night watch")
        )
        chatbot = Chatbot.objects.get()
        assert f"https://{slug}.localhost" in chatbot.allowed_origins
        assert f"https://{original.host}" not in chatbot.allowed_origins
        sealed = [entry["sealed"] for entry in chatbot.identity_secrets]
        place = {"tenant_id": copy_id, "chatbot_id": chatbot.pk}
        assert len(open_identity_secrets(sealed, **place)) == 1
        # It is written to by its own role, and counts on from where it was.
        storage.store([b"more"])
        AuditEvent.objects.create(action="hello", actor="test")
    after = rows_of(copy_id)
    after["workspace_auditevent"] = [
        row for row in after["workspace_auditevent"] if '"action": "hello"' not in row
    ]
    before["workspace_auditevent"] = [
        row for row in before["workspace_auditevent"] if "tenant.backed_up" not in row
    ]
    assert lost(before, after) == set()
    assert lost(before, {**after, "conversations_message": []}) == {"conversations_message"}
    with platform_context():
        people = set(Membership.objects.filter(tenant_id=copy_id).values_list("user_id", "role"))
        original_members = Membership.objects.filter(tenant_id=original.id)
        assert people == set(original_members.values_list("user_id", "role"))


def test_ways_into_the_original_lead_into_no_copy(world: World, file: Path) -> None:
    original, slug = world.workspace.tenant, new_slug()
    backup(file, "--tenant", original.slug)
    token = issue_visitor_token(
        tenant_id=original.id, chatbot_id=world.workspace.chatbot_id, visitor_id=uuid4()
    )
    restore(file, "--tenant", original.slug, "--as", slug)
    copy_id = tenant_at(slug)
    assert authenticate(world.workspace.secret_key).tenant_id == original.id
    with platform_context():
        assert not APIKey.objects.filter(tenant_id=copy_id).exists()
    place = {"chatbot_id": world.workspace.chatbot_id}
    assert read_visitor_token(token, tenant_id=original.id, **place)
    with pytest.raises(Unauthenticated):
        read_visitor_token(token, tenant_id=copy_id, **place)


def test_an_erased_workspace_comes_back_with_its_keys_and_is_in_no_later_backup(
    world: World, file: Path
) -> None:
    gone = world.workspace
    backup(file, "--tenant", gone.tenant.slug)
    before = rows_of(gone.tenant.id)
    assert "still" not in refusal(restore, file, "--tenant", gone.tenant.slug)[1]
    assert refusal(restore, file, "--tenant", gone.tenant.slug)[0] == 4
    erase(gone)
    with pytest.raises(Unauthenticated):
        authenticate(gone.secret_key)
    later = file.with_name("later.backup")
    code, line = refusal(backup, later, "--tenant", gone.tenant.slug)
    assert (code, later.exists()) == (4, False)
    assert "There is no workspace" in line
    restore(file, "--tenant", gone.tenant.slug)
    assert authenticate(gone.secret_key).tenant_id == gone.tenant.id
    assert lost(before, rows_of(gone.tenant.id)) == {"workspace_auditevent"}
    with tenant_context(gone.tenant.id):
        assert AuditEvent.objects.filter(action="tenant.restored").count() == 1


def test_nothing_of_another_workspace_is_in_the_backup_of_one(
    world: World, make_workspace: Callable[[], Workspace], file: Path
) -> None:
    stranger = build(make_workspace())
    for each in (world, stranger):
        with tenant_context(each.workspace.tenant.id):
            Message.objects.update(text=canary(each.workspace))
    backup(file, "--tenant", world.workspace.tenant.slug)
    held = contents(file)
    assert canary(world.workspace).encode() in held
    traces = [canary(stranger.workspace), stranger.workspace.tenant.slug]
    traces += [str(stranger.workspace.tenant.id), stranger.workspace.tenant.id.hex]
    traces += [person.email for person in stranger.people.values()]
    assert [trace for trace in traces if trace.encode() in held] == []


def test_a_suspended_workspace_comes_back_suspended(workspace: Workspace, file: Path) -> None:
    tenant = workspace.tenant
    suspend_tenant(tenant_id=tenant.id, actor="system", reason="unpaid")
    backup(file, "--tenant", tenant.slug)
    erase(workspace)
    restore(file, "--tenant", tenant.slug)
    with pytest.raises(TenantSuspended):
        authenticate(workspace.secret_key)


def test_a_workspace_that_is_being_erased_is_not_backed_up(
    workspace: Workspace, file: Path
) -> None:
    tenant = workspace.tenant
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status=Tenant.Status.ERASING)
    assert refusal(backup, file, "--tenant", tenant.slug)[0] == 4
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status=Tenant.Status.ACTIVE)
    backup(file, "--tenant", tenant.slug)
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status=Tenant.Status.ERASING)
    assert "is being erased" in refusal(restore, file, "--tenant", tenant.slug)[1]
    erase(workspace)


def test_people_are_members_again_and_nobody_becomes_an_operator(world: World, file: Path) -> None:
    tenant, owner = world.workspace.tenant, world.people["owner"]
    with platform_context():
        User.objects.filter(pk=owner.id).update(is_staff=True, is_superuser=True)
    backup(file, "--tenant", tenant.slug)
    erase(world.workspace)
    agent = world.people["agent"]
    with platform_context():
        User.objects.filter(pk__in=[owner.id, agent.id]).delete()
        # The agent is here by now under an account of another id.
        here = User.objects.create_user(agent.email, confirmed_at="2026-01-01T00:00Z")
    restore(file, "--tenant", tenant.slug)
    with platform_context():
        back = User.objects.get(pk=owner.id)
        assert (back.is_staff, back.is_superuser, back.email) == (False, False, owner.email)
        roles = dict(Membership.objects.filter(tenant_id=tenant.id).values_list("user_id", "role"))
    assert (roles[owner.id], roles[here.pk]) == ("owner", "agent")
    assert agent.id not in roles


def test_another_server_key_is_said_and_secrets_that_do_not_open_are_left_out(
    world: World, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    slug = new_slug()
    backup(file, "--tenant", world.workspace.tenant.slug)
    with override_settings(SEALING_KEYS=KeyRing(["another installation's secret key"])):
        restore(file, "--tenant", world.workspace.tenant.slug, "--as", slug)
    said = capfd.readouterr().err
    assert "note: 1 identity secrets do not open" in said
    assert "SECRET_KEY_FALLBACKS" in said
    with as_tenant(slug):
        assert Chatbot.objects.get().identity_secrets == []


def test_names_that_may_not_be_had_are_refused_and_nothing_is_left(
    workspace: Workspace, file: Path
) -> None:
    slug = workspace.tenant.slug
    backup(file, "--tenant", slug)
    with platform_context():
        before = set(Tenant.objects.filter(slug__startswith="admin").values_list("slug"))
    for name, told in (("admin", "reserved"), ("No Name", "lower-case"), (slug, "another name")):
        code, line = refusal(restore, file, "--tenant", slug, "--as", name)
        assert (code, told in line) == (4, True), line
    assert refusal(restore, file, "--tenant", "nobody")[0] == 4
    assert refusal(restore, file, "--as", new_slug())[0] == 2
    assert refusal(restore, file)[1].startswith("This is a backup of one workspace")
    assert refusal(restore, file.with_name("missing"))[0] == 1
    with platform_context():
        assert set(Tenant.objects.filter(slug__startswith="admin").values_list("slug")) == before


def test_a_damaged_file_restores_nothing(workspace: Workspace, file: Path) -> None:
    slug, copied = workspace.tenant.slug, new_slug()
    backup(file, "--tenant", slug)
    sealed = file.read_bytes()
    for damaged in (sealed[:-1], sealed[:-40] + b"x" + sealed[-39:], sealed[: len(sealed) // 2]):
        file.write_bytes(damaged)
        for arguments in ((verify,), (restore, "--tenant", slug, "--as", copied)):
            do, *rest = arguments
            assert refusal(do, file, *rest)[0] == 3
    file.write_bytes(sealed)
    assert refusal(verify, file, key="y" * 40)[1].startswith("BACKUP_KEY is not the key")
    assert "at least 32 characters" in refusal(verify, file, key="short")[1]
    with platform_context():
        assert not Tenant.objects.filter(slug=copied).exists()


def test_a_restore_that_fails_takes_its_files_along_and_no_others(
    workspace: Workspace, file: Path
) -> None:
    """The folder may be a running installation's, beside whose database somebody tries a restore."""
    tenant = workspace.tenant
    storage.put(tenant.id, "one", [b"of the backup"])
    backup(file, "--tenant", tenant.slug)
    file.write_bytes(file.read_bytes()[:-1])
    drop_tenant(tenant.id)
    storage.put(tenant.id, "two", [b"of somebody else"])
    assert refusal(restore, file, "--tenant", tenant.slug)[0] == 3
    assert "two" in set(storage.list_files(tenant.id))
    storage.remove_tenant_files(tenant.id)
    assert refusal(restore, file, "--tenant", tenant.slug)[0] == 3
    assert set(storage.list_files(tenant.id)) == set()
    with pytest.raises(ValueError, match="not a path"):
        storage.put(tenant.id, "../elsewhere", [b""])


def test_a_backup_of_a_later_release_is_refused(workspace: Workspace, file: Path) -> None:
    slug = workspace.tenant.slug
    history = f"{quote(schema_name(workspace.tenant.id))}.django_migrations"
    with open_migration_connection() as owner:
        owner.execute(
            f"INSERT INTO {history} (app, name, applied) VALUES ('billing', '9999_later', now())"
        )
    backup(file, "--tenant", slug)
    code, line = refusal(restore, file, "--tenant", slug, "--as", new_slug())
    assert (code, "9999_later" in line) == (4, True)


def test_a_backup_overwrites_nothing(workspace: Workspace, file: Path) -> None:
    file.write_text("of yesterday")
    assert refusal(backup, file, "--tenant", workspace.tenant.slug)[0] == 1
    assert file.read_text() == "of yesterday"
    assert list(file.parent.iterdir()) == [file]


def test_a_backup_that_forgets_a_table_is_found(workspace: Workspace, file: Path) -> None:
    """The check can fail: on a build that is broken on purpose."""
    slug = workspace.tenant.slug
    program = (
        "import django; django.setup(); import tests.broken.backup_forgets_a_table\n"
        "from tests.backup.commands import backup\n"
        f"backup({str(file)!r}, '--tenant', {slug!r})"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
    code, line = refusal(restore, file, "--tenant", slug, "--as", new_slug())
    assert (code, "conversations_feedback" in line) == (3, True)
