"""SIGTERM at a restore's COMMIT: what is there keeps its files, and the line says what is there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from conversations.chatbots.onboarding import Workspace
from knowledge import storage
from tenants.context import platform_context
from tenants.models import Tenant
from tenants.schemas.provisioning import drop_tenant
from tests.backup.commands import KEY, backup
from tests.isolation.world import build
from tests.live import ROOT


def test_a_workspace_that_is_visible_keeps_its_files(
    make_workspace: Callable[[], Workspace], tmp_path: Path
) -> None:
    tenant = build(make_workspace()).workspace.tenant
    file = tmp_path / "one.backup"
    backup(file, "--tenant", tenant.slug)
    files = sorted(storage.list_files(tenant.id))
    assert files
    drop_tenant(tenant.id)
    storage.remove_tenant_files(tenant.id)
    command = [sys.executable, "manage.py", "restore", str(file), "--tenant", tenant.slug]
    restoring = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "BACKUP_KEY": KEY}, stderr=subprocess.PIPE, text=True
    )
    with platform_context():
        while restoring.poll() is None:
            if Tenant.objects.filter(pk=tenant.id).exists():
                restoring.send_signal(signal.SIGTERM)
                break
        _, said = restoring.communicate(timeout=60)
        assert Tenant.objects.filter(pk=tenant.id).exists(), said
    assert sorted(storage.list_files(tenant.id)) == files
    assert "Nothing was changed" not in said
