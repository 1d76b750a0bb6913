"""What every place for files can do. A key is `<tenant id in hex>/<name>`, made of ids alone."""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from core.errors import Unavailable

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
MAX_KEY = 200
# What a folder calls a file that is being written.
PARTIAL = ".partial"


class StoreAway(Unavailable):
    """The place for files does not answer, or does not let us in: what was asked may be asked again."""

    def __init__(self) -> None:
        super().__init__("Files cannot be kept or read at the moment. Try again.", retry_after=10)


def key_of(tenant_id: UUID, path: str) -> str:
    """The only place where the address of a tenant's file is made. Raises `ValueError` for a path that is
    not one of ours: none can lead out of its tenant's folder."""
    if len(path) > MAX_KEY or not all(_NAME.fullmatch(part) for part in path.split("/")):
        raise ValueError(f"not a path of a stored file: {path!r}")
    return f"{tenant_id.hex}/{path}"


class Files(Protocol):
    """Paths are relative to the tenant's own folder. Everything may raise `StoreAway`."""

    def write(self, tenant_id: UUID, path: str, pieces: Iterable[bytes]) -> None:
        """Returns when the file is kept for good; when a piece raises, nothing is left."""

    def open(self, tenant_id: UUID, path: str) -> tuple[BinaryIO, int]:
        """The bytes, for the caller to close, and how many they are. Raises `FileNotFoundError`."""

    def local(
        self, tenant_id: UUID, path: str, digest: str, size: int
    ) -> AbstractContextManager[Path]:
        """A file on this machine with these bytes, for as long as the block lasts. Raises
        `FileNotFoundError`, also for bytes of another SHA-256 (hex) or number where they came over a
        network."""

    def exists(self, tenant_id: UUID, path: str) -> bool: ...

    def remove(self, tenant_id: UUID, path: str) -> None:
        """One that is gone already is fine."""

    def remove_all(self, tenant_id: UUID) -> None: ...

    def names(self, tenant_id: UUID) -> Iterator[tuple[str, datetime]]:
        """The paths of a tenant's files and when each was written, in no order."""

    def tenants(self) -> Iterator[UUID]:
        """Those who have files."""

    def faults(self) -> list[str]:
        """Sentences about what keeps documents from being kept; asked within seconds."""
