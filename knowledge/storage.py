"""Uploaded files of tenants, wherever `MEDIA_URL` keeps them: a folder, or a bucket of S3."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from core.errors import PayloadTooLarge
from core.ids import new_id
from knowledge.files.base import PARTIAL, Files, StoreAway
from knowledge.files.folder import Folder
from knowledge.files.url import Bucket, read_media_url
from knowledge.parsing.base import SENTENCES
from tenants.context import current_tenant_id
from tenants.work.tickets import Postponed, Ticket, enqueue, handles

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`path` is relative to the tenant's folder; `digest` is the SHA-256 in hex."""

    path: str
    size: int
    digest: str


def files() -> Files:
    """The place that the settings name."""
    return _place(settings.FILE_STORE or Path(settings.MEDIA_ROOT))


def place(url: str) -> Files:
    """The one at an address in the form of `MEDIA_URL`. Raises ValueError, which says what is wrong."""
    return _place(read_media_url(url))


def _place(store: Path | Bucket) -> Files:
    if isinstance(store, Bucket):
        return bucket_files(store, settings.MEDIA_ACCESS_KEY, settings.MEDIA_SECRET_KEY)
    return Folder(store)


@cache
def bucket_files(bucket: Bucket, access_key: str, secret_key: str) -> Files:
    # boto3 is for those alone who have a bucket.
    from knowledge.files.s3 import S3Files

    return S3Files(bucket, access_key, secret_key)


def tenant_folder(tenant_id: UUID) -> Path:
    """Of a tenant, where files are in a folder."""
    return Path(settings.MEDIA_ROOT) / tenant_id.hex


def store(pieces: Iterable[bytes]) -> StoredFile:
    """Writes a file of the open tenant, piece by piece.

    Raises PayloadTooLarge as soon as it is larger than allowed, and StoreAway; nothing is left then.
    """
    # Never the name that somebody gave: that is text of a stranger.
    name = new_id().hex
    digest, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            # While it arrives: what is too large must not fill the disk first.
            if size > settings.MAX_UPLOAD_BYTES:
                raise PayloadTooLarge(SENTENCES["oversized"], param="file")
            digest.update(piece)
            yield piece

    files().write(current_tenant_id(), name, counted())
    return StoredFile(name, size, digest.hexdigest())


def is_kept(path: str) -> bool:
    """Whether a file of the open tenant is there. Raises StoreAway."""
    return bool(path) and files().exists(current_tenant_id(), path)


def local_file(path: str, digest: str, size: int) -> AbstractContextManager[Path]:
    """A stored file of the open tenant as one of this machine, while the block lasts. Raises StoreAway,
    FileNotFoundError."""
    return files().local(current_tenant_id(), path, digest, size)


def discard(path: str) -> None:
    """Removes a file of the open tenant, now or as soon as its place answers; one that is gone already is
    fine."""
    try:
        files().remove(current_tenant_id(), path)
    except StoreAway:
        enqueue("remove_file", {"path": path})


@handles("remove_file")
def remove_file(ticket: Ticket) -> None:
    """A file that could not be removed at once."""
    try:
        files().remove(ticket.tenant_id, str(ticket.payload["path"]))
    except StoreAway as error:
        raise Postponed from error


def remove_tenant_files(tenant_id: UUID) -> None:
    """Everything a tenant has stored. What stays because its place is away, `sweep_files` removes."""
    try:
        files().remove_all(tenant_id)
    except StoreAway:
        log.error("files of a removed workspace stay: run manage.py sweep_files")


def list_files(tenant_id: UUID) -> Iterator[str]:
    """The paths of everything that a tenant has stored, in no order. Raises StoreAway."""
    for path, _ in files().names(tenant_id):
        if not path.endswith(PARTIAL):
            yield path


@contextmanager
def open_file(tenant_id: UUID, path: str) -> Iterator[tuple[BinaryIO, int]]:
    """A stored file and its size in bytes. Raises FileNotFoundError, StoreAway."""
    file, size = files().open(tenant_id, path)
    with file:
        yield file, size


def put(tenant_id: UUID, path: str, pieces: Iterable[bytes]) -> None:
    """Writes a file of a backup where it was; one that is there is the same, and is replaced. Raises
    ValueError for a path that leads elsewhere, StoreAway."""
    files().write(tenant_id, path, pieces)
