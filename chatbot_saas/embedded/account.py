"""The operating-system account that the embedded servers run as.

PostgreSQL refuses to run as root, so root hands both servers to an unprivileged account.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from chatbot_saas.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    """uid and gid of the servers; `foreign` when it is not the account of this process."""

    uid: int
    gid: int
    foreign: bool


def server_account() -> Account:
    """The account to run as. Raises EmbeddedError where none is usable."""
    if os.geteuid() != 0:
        return _own_account()
    name = os.environ.get("EMBEDDED_OS_USER", "nobody")
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedError(
            f"There is no user {name!r} for the embedded servers: "
            "set EMBEDDED_OS_USER to an unprivileged account of this machine."
        ) from None
    # Said here, because initdb would say it in its own words and too late.
    if entry.pw_uid == 0:
        raise EmbeddedError("EMBEDDED_OS_USER must not be root: PostgreSQL refuses to run as root.")
    return Account(entry.pw_uid, entry.pw_gid, foreign=True)


def _own_account() -> Account:
    uid = os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"uid {uid} has no entry in /etc/passwd, which PostgreSQL's initdb needs: "
            "add one, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return Account(uid, os.getegid(), foreign=False)


def make_private_dir(path: Path, account: Account) -> None:
    """Make `path` (0700, owned by the account). Parents must exist and are left as they are."""
    # The mode of mkdir passes through the umask, so it is set once more below.
    path.mkdir(mode=0o700, exist_ok=True)
    if account.foreign:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
