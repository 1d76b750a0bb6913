"""One workspace is backed up and comes back under another name, while the others work: every row, every
file and the export of its conversations are the same."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.stack import ROOT
from conversations.history.export import Place, read_part
from conversations.history.filters import ConversationFilter
from knowledge import storage
from knowledge.models import Document
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tests.backup.compare import lost, rows_of

KEY = "the key of a drill, which is thrown away with all that it sealed"


def run_command(*arguments: str) -> float:
    """Returns the seconds that it took, the start of the process included."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "BACKUP_KEY": KEY},
        check=True,
        stderr=subprocess.DEVNULL,
        timeout=1800,
    )
    return time.monotonic() - began


def copy_workspace(slug: str, folder: Path) -> dict[str, Any]:
    """`differing` are tables, `export`, `files`: none where all is the same."""
    with platform_context():
        tenant_id = Tenant.objects.get(slug=slug).pk
    _await_documents(tenant_id)
    rows, export, files = rows_of(tenant_id), _export(tenant_id), _files(tenant_id)
    file, new_slug = folder / "one.backup", f"{slug}-copy"
    backup_s = run_command("backup", str(file), "--tenant", slug)
    verify_s = run_command("verify_backup", str(file))
    restore_s = run_command("restore", str(file), "--tenant", slug, "--as", new_slug)
    with platform_context():
        copy_id = Tenant.objects.get(slug=new_slug).pk
    differing = lost(rows, rows_of(copy_id)) - {"workspace_auditevent"}
    differing |= {"export"} if _export(copy_id) != export else set()
    differing |= {"files"} if _files(copy_id) != files else set()
    return {
        "rows": sum(map(len, rows.values())),
        "export_bytes": len(export),
        "files": len(files),
        "file_mb": round(file.stat().st_size / 1e6, 1),
        "backup_s": round(backup_s, 1),
        "verify_s": round(verify_s, 1),
        "restore_s": round(restore_s, 1),
        "differing": sorted(differing),
    }


def _await_documents(tenant_id: UUID) -> None:
    """Until nothing changes any more there."""
    unread = Document.objects.filter(status__in=["queued", "processing"])
    with tenant_context(tenant_id):
        while unread.exists():
            time.sleep(0.1)


def _export(tenant_id: UUID) -> bytes:
    """Every conversation, as the dashboard gives it away."""
    lines: list[str] = []
    place: Place | None = Place()
    with tenant_context(tenant_id):
        while place is not None:
            part = read_part(ConversationFilter(), place)
            lines += [json.dumps(dataclasses.asdict(each), default=str) for each in part.messages]
            place = part.following
    return "\n".join(lines).encode()


def _files(tenant_id: UUID) -> dict[str, str]:
    found = {}
    for path in storage.list_files(tenant_id):
        with storage.open_file(tenant_id, path) as (file, _):
            found[path] = hashlib.sha256(file.read()).hexdigest()
    return found
