"""The file by which a worker or beat says that it lives. Without Django: it is read often."""

import socket
import time
from pathlib import Path

# Longer than a database and a broker that are away hold either of them up.
PATIENCE_SECONDS = 60.0


def alive_file(var_dir: Path, role: str) -> Path:
    """Of this host: containers may share the folder."""
    return var_dir / "alive" / f"{role}-{socket.gethostname()[:64]}"


def is_alive(var_dir: Path, role: str) -> bool:
    """Whether the role has said so lately."""
    try:
        said = alive_file(var_dir, role).stat().st_mtime
    except OSError:
        return False
    return time.time() - said < PATIENCE_SECONDS
