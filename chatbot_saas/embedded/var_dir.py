"""The directory of everything that is made at run time."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chatbot_saas.embedded.errors import EmbeddedError

LONG_LOG = 10_000_000  # bytes


@dataclass(frozen=True)
class VarDir:
    """Pids in run/<name>.pid, logs in log/<name>.log, and what their owners add."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def pid_file(self, name: str) -> Path:
        return self.run / f"{name}.pid"

    def log_file(self, name: str) -> Path:
        return self.log / f"{name}.log"

    def make(self) -> None:
        """Make the directories that are missing. Raises EmbeddedError where that cannot be."""
        try:
            for path in (self.path, self.run, self.log):
                path.mkdir(parents=True, exist_ok=True)
            # What is logged is for its owner.
            self.log.chmod(0o700)
        except OSError as error:
            raise unusable(self.path, error) from None

    def rotate_logs(self) -> None:
        """Put long logs aside, over the ones put aside before; nobody writes to them now."""
        for log in self.log.glob("*.log"):
            # At a start alone: a running server keeps writing to the file that it has open.
            if log.stat().st_size > LONG_LOG:
                log.replace(log.with_suffix(".log.1"))

    def remove_pid_files(self, names: Iterable[str]) -> None:
        """Those that a killed supervisor left: its processes died with it."""
        for name in names:
            self.pid_file(name).unlink(missing_ok=True)


def unusable(path: Path, error: OSError) -> EmbeddedError:
    """The one line for a directory that this user cannot work in."""
    return EmbeddedError(
        f"{path} cannot be used ({error.strerror}: {error.filename}): "
        "run as its owner, or set VAR_DIR to a directory of your own."
    )
