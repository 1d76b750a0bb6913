"""Advisory file locks: the kernel releases them when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """One open lock file. Locks of one process on two FileLocks exclude each other too."""

    def __init__(self, path: Path) -> None:
        # The file stays when the lock goes: removing it would let two hold "the" lock.
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Wait for a shared lock; turns an exclusive one into a shared one."""
        fcntl.flock(self._fd, fcntl.LOCK_SH)

    def exclude(self) -> None:
        """Wait for the exclusive lock."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def try_exclude(self) -> bool:
        """Take the exclusive lock if nobody else holds any."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock of `path`."""
    lock = FileLock(path)
    try:
        lock.exclude()
        yield
    finally:
        lock.close()
