"""Where uploaded files lie: one folder a tenant, readable by the server's account alone."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from core.errors import PayloadTooLarge
from core.ids import new_id
from knowledge.parsing.base import SENTENCES
from tenants.context import current_tenant_id


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`path` is relative to the tenant's folder; `digest` is the SHA-256 in hex."""

    path: str
    size: int
    digest: str


def tenant_folder(tenant_id: UUID) -> Path:
    """The only place a path to a tenant's files is made."""
    return Path(settings.MEDIA_ROOT) / tenant_id.hex


def full_path(path: str) -> Path:
    """Of a stored file of the open tenant."""
    return tenant_folder(current_tenant_id()) / path


def store(pieces: Iterable[bytes]) -> StoredFile:
    """Writes a file of the open tenant, piece by piece.

    Raises PayloadTooLarge, leaving nothing behind, as soon as it is larger than allowed.
    """
    folder = tenant_folder(current_tenant_id())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never the name that somebody gave: that is text of a stranger.
    name = new_id().hex
    digest, size = hashlib.sha256(), 0
    # Made anew or not at all, and readable by nobody else from its first byte on.
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                size += len(piece)
                # While it arrives: what is too large must not fill the disk first.
                if size > settings.MAX_UPLOAD_BYTES:
                    raise PayloadTooLarge(SENTENCES["oversized"], param="file")
                digest.update(piece)
                file.write(piece)
            file.flush()
            # The row that says the file is there will survive a power cut; so must the file.
            os.fsync(file.fileno())
    except BaseException:
        discard(name)
        raise
    return StoredFile(name, size, digest.hexdigest())


def is_kept(path: str) -> bool:
    """Whether a file of the open tenant is there."""
    return bool(path) and full_path(path).is_file()


def discard(path: str) -> None:
    """Removes a file of the open tenant; one that is gone already is fine."""
    full_path(path).unlink(missing_ok=True)


def remove_tenant_files(tenant_id: UUID) -> None:
    """Everything a tenant has stored."""
    shutil.rmtree(tenant_folder(tenant_id), ignore_errors=True)


def list_files(tenant_id: UUID) -> Iterator[str]:
    """The paths of everything that a tenant has stored, in no order."""
    folder = tenant_folder(tenant_id)
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


@contextmanager
def open_file(tenant_id: UUID, path: str) -> Iterator[tuple[BinaryIO, int]]:
    """A stored file and its size in bytes. Raises `FileNotFoundError`."""
    with (tenant_folder(tenant_id) / path).open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def put(tenant_id: UUID, path: str, pieces: Iterable[bytes]) -> None:
    """Writes a file of a backup where it was; one that is there is the same, and is replaced. Raises
    `ValueError` for a path that leads elsewhere."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or not relative.parts or ".." in relative.parts:
        raise ValueError(f"not a path of a stored file: {path!r}")
    target = tenant_folder(tenant_id) / relative
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
