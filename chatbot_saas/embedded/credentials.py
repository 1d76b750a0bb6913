"""The generated secrets of one var directory, each in a file of mode 0600."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Credentials:
    """Passwords (URL-safe text) of the logins, Django's key, and the name of this installation.

    `instance` is written beside the data too, so that data left by a deleted var directory is told
    from data that these passwords open.
    """

    superuser: str
    app: str
    migrator: str
    redis: str
    secret_key: str
    instance: str


_FILES = {
    "superuser": "secrets/postgres",
    "app": "secrets/app",
    "migrator": "secrets/migrator",
    "redis": "secrets/redis",
    "secret_key": "secret_key",
    "instance": "secrets/instance",
}


def read_or_create_credentials(var_dir: Path) -> Credentials:
    """The secrets of `var_dir`; the caller holds its lock."""
    (var_dir / "secrets").mkdir(mode=0o700, exist_ok=True)
    return Credentials(**{name: _read_or_create(var_dir / file) for name, file in _FILES.items()})


def read_credentials(var_dir: Path) -> Credentials:
    """The secrets of `var_dir`, without writing. What does not exist yet is made up for this process:
    no server that it could open exists either."""
    found = {name: _read(var_dir / file) for name, file in _FILES.items()}
    return Credentials(**{name: text or _generate() for name, text in found.items()})


def _generate() -> str:
    return secrets.token_urlsafe(48)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def _read_or_create(path: Path) -> str:
    if not path.exists():
        write_private(path, _generate())
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write `path` whole or not at all, readable by its owner alone."""
    # Renamed when it is whole: a reader sees the old text or the new one.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    partial.replace(path)
