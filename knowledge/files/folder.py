"""Files in a folder of this machine: one folder a tenant, readable by the server's account alone."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from knowledge.files.base import PARTIAL, key_of


class Folder:
    """Below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, tenant_id: UUID, path: str) -> Path:
        return self.root / key_of(tenant_id, path)

    def write(self, tenant_id: UUID, path: str, pieces: Iterable[bytes]) -> None:
        target = self.path(tenant_id, path)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}{PARTIAL}")
        # Of a writer that was killed: nobody else writes this file now.
        part.unlink(missing_ok=True)
        # Made anew or not at all, and readable by nobody else from its first byte on.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                # The row that says the file is there will survive a power cut; so must the file.
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def open(self, tenant_id: UUID, path: str) -> tuple[BinaryIO, int]:
        # One that is replaced meanwhile is read to its end all the same.
        file = self.path(tenant_id, path).open("rb")
        return file, os.fstat(file.fileno()).st_size

    @contextmanager
    def local(self, tenant_id: UUID, path: str, digest: str, size: int) -> Iterator[Path]:
        yield self.path(tenant_id, path)

    def exists(self, tenant_id: UUID, path: str) -> bool:
        return self.path(tenant_id, path).is_file()

    def remove(self, tenant_id: UUID, path: str) -> None:
        self.path(tenant_id, path).unlink(missing_ok=True)

    def remove_all(self, tenant_id: UUID) -> None:
        shutil.rmtree(self.root / tenant_id.hex, ignore_errors=True)

    def names(self, tenant_id: UUID) -> Iterator[tuple[str, datetime]]:
        folder = self.root / tenant_id.hex
        for path in folder.rglob("*"):
            if path.is_file():
                written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                yield path.relative_to(folder).as_posix(), written

    def tenants(self) -> Iterator[UUID]:
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            try:
                yield UUID(hex=folder.name)
            except ValueError:
                continue

    def faults(self) -> list[str]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as file:
                file.write(b"\0" * 4096)
        except OSError:
            return ["Documents cannot be written: MEDIA_ROOT is read-only or full."]
        return []
