"""Looking at processes that are not our children."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie (an init that never reaps keeps those)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def outlived(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if is_alive(pid)]


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, in any session."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except FileNotFoundError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Wait for the condition; fails when the time is up."""
    eventually(condition, within=seconds)


def wait_for_flock(pid: int) -> None:
    """Until the process waits for a file lock: the kernel lists who waits with an arrow."""
    waiting = re.compile(rf"-> FLOCK\s+ADVISORY\s+WRITE {pid} ")
    eventually(lambda: waiting.search(Path("/proc/locks").read_text()))
