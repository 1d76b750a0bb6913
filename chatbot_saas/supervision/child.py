"""One supervised process: started, watched, restarted with growing patience, ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

FIRST_DELAY = 0.2
MAX_DELAY = 30.0
# Who lives this long was healthy: the next death is news, not a pattern.
HEALTHY_AFTER = 30.0


class Child:
    """A process that is to run. `start` spawns it, in a session of its own."""

    def __init__(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        pid_file: Path,
        *,
        healthy_after: float = HEALTHY_AFTER,
    ) -> None:
        self.name = name
        self._healthy_after = healthy_after
        self.process: subprocess.Popen[bytes] | None = None
        self._start = start
        self._pid_file = pid_file
        self._started_at = 0.0
        self._delay = FIRST_DELAY
        self._due_at = 0.0

    def start(self) -> None:
        self.process = self._start()
        self._started_at = time.monotonic()
        self._pid_file.write_text(f"{self.process.pid}\n")

    def watch(self) -> str | None:
        """Restart the process if it is dead and due; a sentence when something happened."""
        if self.process is None:
            if time.monotonic() < self._due_at:
                return None
            self.start()
            return f"{self.name} is started again"
        if not has_ended(self.process):
            return None
        return self._note_death(end_session(self.process))

    def seconds_until_due(self) -> float:
        """How long until `watch` has something to do, if nothing dies."""
        return MAX_DELAY if self.process else max(0.0, self._due_at - time.monotonic())

    def end_soon(self) -> None:
        """Ask for the end."""
        if self.process is not None:
            self.process.terminate()

    def end_now(self, patience: float) -> None:
        """Wait so many seconds for the end, then kill it; nothing of its session stays."""
        deadline = time.monotonic() + patience
        if self.process is not None:
            while not has_ended(self.process) and time.monotonic() < deadline:
                time.sleep(0.02)
            end_session(self.process)
        self._pid_file.unlink(missing_ok=True)

    def _note_death(self, code: int) -> str:
        self.process = None
        # Doubling is for what dies at each start, not for one bad moment in a day.
        if time.monotonic() - self._started_at > self._healthy_after:
            self._delay = FIRST_DELAY
        self._due_at = time.monotonic() + self._delay
        self._delay = min(self._delay * 2, MAX_DELAY)
        return f"{self.name} ended ({_reason(code)})"


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process is dead, without reaping it: its number stays its own."""
    if process.returncode is not None:
        return True
    # Reaped only by `end_session`, which kills the rest of the session by this number.
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, options) is not None


def end_session(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the session that `process` leads, and give its exit code."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _reason(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
