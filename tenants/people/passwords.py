"""Passwords hashed a few at a time, and while no connection to the database is held: a hash takes a
fifth of a second and 16 MB, and a connection is what every other request waits for."""

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, connections

from core.errors import Unavailable

# More at once would only slow each other down.
_PLACES = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
_WAIT_SECONDS = 5.0


def normalized(password: str) -> str:
    """One spelling of what looks the same: some keyboards send “é” as two characters."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """What is stored of a password. Raises `Unavailable` when too many are hashed at once."""
    with _place():
        return make_password(normalized(password))


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the password that was stored; without one it takes as long. Raises `Unavailable`."""
    with _place():
        if stored is None:
            make_password(normalized(password))
            return False
        # The second one for what was stored before there was one spelling.
        spellings = dict.fromkeys((normalized(password), password))
        return any(check_password(spelling, stored) for spelling in spellings)


@contextmanager
def _place() -> Iterator[None]:
    # Inside a transaction it cannot be given back: whoever hashes there does it before.
    if not connection.in_atomic_block:
        connections.close_all()
    if not _PLACES.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("There are too many log-ins at the moment. Try again.", retry_after=5)
    try:
        yield
    finally:
        _PLACES.release()
