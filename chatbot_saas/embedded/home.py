"""The directories of the embedded servers, made with the narrowest rights that work."""

import shutil
from pathlib import Path

from chatbot_saas.embedded.account import make_private_dir
from chatbot_saas.embedded.credentials import write_private
from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.layout import SYSTEM_HOME, Layout

# In the home: the var directory whose data it is.
_BELONGS_TO = "var"


def prepare_home(layout: Layout) -> None:
    """Make the homes and socket folders of both servers. The caller owns the servers' lock."""
    if layout.account.foreign:
        _prepare_system_home(layout)
    for path in (layout.postgres_home, layout.redis_home):
        make_private_dir(path, layout.account)
    if layout.socket_home != layout.home:
        _prepare_short_socket_home(layout)


def remove_home(layout: Layout) -> None:
    """Remove everything the stopped servers kept, for tests and scratch clusters."""
    shutil.rmtree(layout.postgres_home, ignore_errors=True)
    shutil.rmtree(layout.redis_home, ignore_errors=True)
    if layout.account.foreign:
        shutil.rmtree(layout.home, ignore_errors=True)
        shutil.rmtree(_aside(layout), ignore_errors=True)
    if layout.socket_home != layout.home:
        shutil.rmtree(layout.socket_home, ignore_errors=True)


def _prepare_system_home(layout: Layout) -> None:
    SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    instance = layout.home / "instance"
    if not layout.home.exists():
        _bring_along(layout)
    if layout.home.exists() and _text(instance) != layout.credentials.instance:
        # Its var directory, and with it every password, has been deleted.
        shutil.rmtree(_aside(layout), ignore_errors=True)
        layout.home.rename(_aside(layout))
    # The servers' account may pass, not list.
    layout.home.mkdir(mode=0o711, exist_ok=True)
    layout.home.chmod(0o711)
    write_private(instance, layout.credentials.instance)
    write_private(layout.home / _BELONGS_TO, str(layout.var.path.resolve()))
    pointer = layout.var.path / "embedded"
    if not pointer.is_symlink() or pointer.readlink() != layout.home:
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(layout.home)


def _bring_along(layout: Layout) -> None:
    """The data of a var directory that was moved. Raises EmbeddedError rather than to begin an empty
    installation beside data that these passwords open."""
    pointer = layout.var.path / "embedded"
    if not pointer.is_symlink():
        return
    before = pointer.readlink()
    if _text(before / "instance") != layout.credentials.instance:
        raise EmbeddedError(
            f"The data of {layout.var.path} was in {before} and is not there any more: bring it back, "
            f"or remove {layout.var.path} to begin with an empty database."
        )
    owner = Path(_text(before / _BELONGS_TO))
    if owner.is_dir() and _text(owner / "secrets" / "instance") == layout.credentials.instance:
        raise EmbeddedError(
            f"{layout.var.path} is a copy of {owner}, whose data is in {before} and is not copied with "
            f"it: remove {layout.var.path} to begin with an empty database, or set VAR_DIR={owner}."
        )
    if _is_alive(before / "postgres" / "data" / "postmaster.pid"):
        raise EmbeddedError(f"The servers of {before} still run: end them where they were started.")
    before.rename(layout.home)


def _is_alive(pid_file: Path) -> bool:
    """Whether the server of this folder runs. After a crash its number may be somebody else's."""
    pid = _text(pid_file).partition("\n")[0]
    works_in = Path("/proc", pid, "cwd")
    return pid.isdigit() and works_in.is_symlink() and works_in.readlink() == pid_file.parent


def _prepare_short_socket_home(layout: Layout) -> None:
    # /tmp is everybody's: take the folder only if nobody else made it.
    home = layout.socket_home
    make_private_dir(home, layout.account) if not home.exists() else None
    state = home.lstat()
    if home.is_symlink() or state.st_uid != layout.account.uid or state.st_mode & 0o077:
        raise EmbeddedError(
            f"{home}, the folder for the servers' sockets, belongs to somebody else: "
            "remove it, or set VAR_DIR to a shorter path."
        )
    for name in ("postgres", "redis"):
        make_private_dir(home / name, layout.account)


def _aside(layout: Layout) -> Path:
    return layout.home.with_suffix(".old")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
