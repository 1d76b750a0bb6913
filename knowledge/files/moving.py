"""Files from one place to another, and away where nothing names them. Platform and tenants' contexts are
opened here, one after the other."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from knowledge.files.base import PARTIAL, Files
from knowledge.models import Document
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

_PIECE = 262_144
# Longer than any upload takes between its file and its row.
_AGE = timedelta(days=1)


@dataclass
class Moved:
    """Numbers of files: brought now, there before, and those whose bytes are not what was uploaded."""

    copied: int = 0
    there: int = 0
    damaged: int = 0


def copy_all(source: Files, target: Files, say: Callable[[UUID, Moved], None]) -> Moved:
    """Copies what every workspace has; `say` is called after each one with the numbers so far. What is at
    the target with the same bytes is left, so a run that was ended goes on. Nothing is removed.

    Raises StoreAway.
    """
    moved = Moved()
    for tenant_id in _tenants():
        digests = _digests(tenant_id)
        for path, _ in source.names(tenant_id):
            if not path.endswith(PARTIAL):
                _copy(
                    source,
                    target,
                    tenant_id=tenant_id,
                    path=path,
                    uploaded=digests.get(path),
                    moved=moved,
                )
        say(tenant_id, moved)
    return moved


def _copy(
    source: Files,
    target: Files,
    *,
    tenant_id: UUID,
    path: str,
    uploaded: str | None,
    moved: Moved,
) -> None:
    try:
        digest = _digest(source, tenant_id, path)
    except FileNotFoundError:
        # Removed since it was listed.
        return
    if uploaded not in (None, digest):
        moved.damaged += 1
        return
    if target.exists(tenant_id, path) and _digest(target, tenant_id, path) == digest:
        moved.there += 1
        return
    file, _ = source.open(tenant_id, path)
    with file:
        target.write(tenant_id, path, _pieces(file))
    if _digest(target, tenant_id, path) != digest:
        moved.damaged += 1
        return
    moved.copied += 1


def sweep(files: Files) -> int:
    """Removes files of removed workspaces, and those that no document names, a day after they were
    written. Returns how many. Raises StoreAway."""
    known, removed, before = set(_tenants()), 0, timezone.now() - _AGE
    for tenant_id in files.tenants():
        named = _digests(tenant_id) if tenant_id in known else {}
        for path, written in list(files.names(tenant_id)):
            if path not in named and written < before:
                files.remove(tenant_id, path)
                removed += 1
    return removed


def _tenants() -> list[UUID]:
    with platform_context():
        return list(Tenant.objects.order_by("pk").values_list("pk", flat=True))


def _digests(tenant_id: UUID) -> dict[str, str]:
    try:
        with tenant_context(tenant_id):
            return dict(Document.objects.values_list("path", "content_hash"))
    except DatabaseError:
        with platform_context():
            if Tenant.objects.alive().filter(pk=tenant_id).exists():
                raise
        # Removed since it was listed.
        return {}


def _digest(files: Files, tenant_id: UUID, path: str) -> str:
    digest = hashlib.sha256()
    file, _ = files.open(tenant_id, path)
    with file:
        for piece in _pieces(file):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
