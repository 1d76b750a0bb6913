"""The files that backups are written to and read from."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.utils import timezone

from chatbot_saas.backup.errors import BackupError

STREAM = "-"


def default_name(slug: str | None) -> str:
    """Of a backup in a folder: sorted by name is sorted by time."""
    return f"{slug or 'chatbot-saas'}-{timezone.now():%Y%m%dT%H%M%SZ}.backup"


@contextmanager
def writing(target: str, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """A new file that only this account may read, and what it is called; `name` is for a folder. It has
    its name once it is whole, and is removed when the block fails. Raises `BackupError`."""
    if target == STREAM:
        try:
            yield sys.stdout.buffer, "standard output"
            sys.stdout.buffer.flush()
        except OSError as error:
            raise disk_error(Path("standard output"), error) from error
        return
    path = Path(target) / name if Path(target).is_dir() else Path(target)
    if path.exists():
        raise BackupError(f"{path} is there already: name another file. Backups overwrite nothing.")
    # Of each run its own: two that write into one file would both spoil it.
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(partial, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file, str(path)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename it fails where the name was taken meanwhile.
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except FileExistsError as error:
        raise BackupError(
            f"Another backup has become {path} meanwhile: name another file. Backups overwrite nothing."
        ) from error
    except OSError as error:
        raise disk_error(path, error) from error


@contextmanager
def reading(source: str) -> Iterator[BinaryIO]:
    """Raises `BackupError`."""
    if source == STREAM:
        yield sys.stdin.buffer
        return
    path = Path(source)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise BackupError(f"{path} is no file that this account may read.")
    with path.open("rb") as file:
        yield file


def disk_error(path: Path, error: OSError) -> BackupError:
    if error.errno == errno.ENOSPC:
        return BackupError(
            f"The disk is full ({error.filename or path}): make room, and run this again."
        )
    return BackupError(f"{error.filename or path}: {error.strerror or error}.")
