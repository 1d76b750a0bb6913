"""Starts a server process that cannot outlive the process that started it (Linux)."""

import ctypes
import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from chatbot_saas.embedded.account import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """For the child, between fork and exec: ask the kernel for `death_signal` at `parent`'s end.

    The kernel watches the *thread* that forked: start servers from a thread that stays.
    """
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    argv: list[str | Path],
    *,
    log_file: Path | None,
    death_signal: signal.Signals,
    account: Account | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdin: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, so that a terminal's Ctrl-C reaches its parent alone.

    Output is appended to `log_file`, or goes where ours goes. With a foreign account, the child
    runs as it, in no other group.
    """
    parent = os.getpid()
    foreign = account is not None and account.foreign
    with ExitStack() as stack:
        log = stack.enter_context(log_file.open("ab")) if log_file else None
        return subprocess.Popen(
            argv,
            stdin=stdin or subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            cwd=cwd,
            env=env,
            start_new_session=True,
            user=account.uid if account and foreign else None,
            group=account.gid if account and foreign else None,
            extra_groups=[] if foreign else None,
            # Runs after the change of account, which would clear the request. It only makes two
            # system calls, so that a lock held by another thread at the fork does not matter.
            preexec_fn=lambda: die_with_parent(death_signal, parent),  # noqa: PLW1509
        )


def server_env() -> dict[str, str]:
    """What a server needs to know; nothing of ours (PG* variables would redirect it)."""
    # A PGPORT or PGDATA of the person's own would lead to another server.
    kept = ("PATH", "TZ", "LD_LIBRARY_PATH")
    return {
        "LC_ALL": "C",
        **{name: os.environ[name] for name in kept if name in os.environ},
    }


def stop_process(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal and wait up to so many seconds for the end, then SIGKILL."""
    for number, patience in (*steps, (signal.SIGKILL, 5.0)):
        # Each signal only as long as the one before did not help.
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
