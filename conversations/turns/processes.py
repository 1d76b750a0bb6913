"""Which process answers a turn, and whether it still lives.

The name is `<host>:<pid>:<start time>`: a pid alone may be another process by now. The host is its name,
its boot and its PID namespace: containers may share a name and not their processes. Of a process on
another host nothing is known here but its leases.
"""

import os
import re
import socket
from functools import lru_cache
from pathlib import Path


def _start_ticks(pid: int) -> str | None:
    """When the process started, in kernel ticks; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    # Field 3 is the state (Z and X have ended), field 22 the start time.
    return None if fields[0] in "ZX" else fields[19]


@lru_cache(maxsize=1)
def _host() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = re.sub(r"\D", "", str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()[:64]}.{boot}.{namespace}"


@lru_cache(maxsize=1)
def _name_of(pid: int) -> str:
    return f"{_host()}:{pid}:{_start_ticks(pid)}"


def this_process() -> str:
    """The name of this process (of the child, after a fork)."""
    return _name_of(os.getpid())


def is_gone(owner: str) -> bool:
    """True when the owner ran on this host and has ended; False when it lives or cannot be known."""
    # One name that says nothing keeps no other turn from being swept.
    host, pid, started = owner.rsplit(":", 2) if owner.count(":") >= 2 else ("", "", "")
    if host != _host() or not pid.isdigit() or not Path("/proc/self/stat").exists():
        return False
    # The same number with another start is another process.
    return _start_ticks(int(pid)) != started
