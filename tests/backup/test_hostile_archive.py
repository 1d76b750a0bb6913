"""A section that names another workspace than its own is refused, before anything of it is there."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from chatbot_saas.backup.archive import MANIFEST, ArchiveReader, ArchiveWriter
from conversations.chatbots.onboarding import Workspace
from core.errors import Unauthenticated
from knowledge import storage
from tenants.context import platform_context
from tenants.keys.api_keys import authenticate
from tenants.models import APIKey, Tenant
from tenants.schemas.provisioning import drop_tenant
from tests.backup.commands import KEY, backup, refusal, restore, verify


def give_keys_to(tenant_id: str, source: Path, target: Path) -> None:
    """The same archive, whole and sealed, whose API keys name another workspace."""
    section = ""
    with target.open("wb") as file:
        writer = ArchiveWriter(file, KEY)
        for part in ArchiveReader(BytesIO(source.read_bytes()), KEY).parts():
            if part.section and part.section != section:
                writer.open_section(part.section)
                section = part.section
            if part.name == MANIFEST:
                if part.section:
                    writer.close_section()
                else:
                    writer.close({k: v for k, v in part.value.items() if k != "sections"})
            elif part.kind == "json":
                writer.write_json(part.name, part.value)
            elif part.kind == "files":
                content = b"".join(part.pieces)
                name = part.name.removeprefix("files/")
                writer.write_file("files", name, len(content), BytesIO(content))
            else:
                content = b"".join(part.pieces)
                if part.name == "shared/tenants_apikey":
                    rows = [json.loads(line) for line in content.splitlines()]
                    changed = [json.dumps({**row, "tenant_id": tenant_id}) for row in rows]
                    content = "".join(f"{line}\n" for line in changed).encode()
                writer.write_rows(part.name, [content])


def test_keys_of_another_workspace_are_refused(
    make_workspace: Callable[[], Workspace], tmp_path: Path
) -> None:
    evil, victim = make_workspace(), make_workspace()
    honest, hostile = tmp_path / "honest.backup", tmp_path / "hostile.backup"
    backup(honest, "--tenant", evil.tenant.slug)
    give_keys_to(str(victim.tenant.id), honest, hostile)
    verify(hostile)
    drop_tenant(evil.tenant.id)
    storage.remove_tenant_files(evil.tenant.id)
    with platform_context():
        keys = APIKey.objects.filter(tenant_id=victim.tenant.id).count()
    code, line = refusal(restore, hostile, "--tenant", evil.tenant.slug)
    assert code == 3
    assert "a row of another workspace in tenants_apikey" in line
    with pytest.raises(Unauthenticated):
        authenticate(evil.secret_key)
    with platform_context():
        assert APIKey.objects.filter(tenant_id=victim.tenant.id).count() == keys
        assert not Tenant.objects.filter(pk=evil.tenant.id).exists()
