"""One workspace is backed up and comes back under another name, while the others work: every row, every
file and the export of its conversations are the same."""

import dataclasses
import hashlib
import json
import os
import re
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


@dataclasses.dataclass(frozen=True)
class Ran:
    """A command that has ended: its seconds, the start of the process included, and the most memory."""

    seconds: float
    peak_mb: int


def run_command(*arguments: str) -> Ran:
    """Raises `SystemExit` when it fails."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "BACKUP_KEY": KEY},
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak_kb(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"manage.py {arguments[0]} ended with {process.returncode}.")
    return Ran(round(time.monotonic() - began, 1), peak // 1024)


def _peak_kb(pid: int) -> int:
    """Of this program alone: what wait4 tells counts the fork of a large parent as well."""
    status = Path("/proc", str(pid), "status").read_text()
    if not status.startswith("Name:\tpython"):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def copy_workspace(slug: str, folder: Path) -> dict[str, Any]:
    """`differing` are tables, `export`, `files`: none where all is the same."""
    with platform_context():
        tenant_id = Tenant.objects.get(slug=slug).pk
    _await_documents(tenant_id)
    rows, export, files = rows_of(tenant_id), _export(tenant_id), _files(tenant_id)
    file, new_slug = folder / "one.backup", f"{slug}-copy"
    made = run_command("backup", str(file), "--tenant", slug)
    verified = run_command("verify_backup", str(file))
    restored = run_command("restore", str(file), "--tenant", slug, "--as", new_slug)
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
        "backup_s": made.seconds,
        "verify_s": verified.seconds,
        "restore_s": restored.seconds,
        "peak_mb": max(each.peak_mb for each in (made, verified, restored)),
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
