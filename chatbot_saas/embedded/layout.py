"""Where the embedded servers keep what, and the URLs that reach them. Knows no Django.

An ordinary user has everything in the var directory. Root cannot: the servers run as another
account, which may be unable to enter the checkout, and no directory is opened up for it. So root's
data lives below SYSTEM_HOME and the var directory keeps a link to it, `embedded`.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from chatbot_saas.embedded.account import Account, server_account
from chatbot_saas.embedded.credentials import (
    Credentials,
    read_credentials,
    read_or_create_credentials,
)
from chatbot_saas.embedded.locks import locked
from chatbot_saas.embedded.var_dir import VarDir, unusable

SYSTEM_HOME = Path("/var/lib/chatbot_saas")
DATABASE = "chatbot_saas"
SUPERUSER = "postgres"
# sockaddr_un.sun_path is 108 bytes with its closing zero.
SOCKET_PATH_MAX = 107
POSTGRES_SOCKET_NAME = ".s.PGSQL.5432"
REDIS_SOCKET_NAME = "redis.sock"


@dataclass(frozen=True)
class Layout:
    """Paths, account and secrets of one pair of servers; `durable=False` is for tests."""

    var: VarDir
    home: Path
    socket_home: Path
    account: Account
    credentials: Credentials
    durable: bool

    @property
    def postgres_home(self) -> Path:
        return self.home / "postgres"

    @property
    def postgres_data(self) -> Path:
        return self.postgres_home / "data"

    @property
    def postgres_sockets(self) -> Path:
        return self.socket_home / "postgres" / "s"

    @property
    def redis_home(self) -> Path:
        return self.home / "redis"

    @property
    def redis_socket(self) -> Path:
        return self.socket_home / "redis" / "s" / REDIS_SOCKET_NAME

    @property
    def secret_key(self) -> str:
        return self.credentials.secret_key

    @property
    def app_url(self) -> str:
        return self.database_url("app", self.credentials.app)

    @property
    def migrator_url(self) -> str:
        return self.database_url("migrator", self.credentials.migrator)

    @property
    def superuser_url(self) -> str:
        return self.database_url(SUPERUSER, self.credentials.superuser)

    def database_url(self, login: str, password: str, database: str = DATABASE) -> str:
        where = urlencode({"host": str(self.postgres_sockets)})
        return f"postgresql://{login}:{quote(password, safe='')}@/{database}?{where}"

    def redis_url(self, db: int) -> str:
        """The form of redis-py, Django's cache and channels_redis."""
        return f"unix://:{self.credentials.redis}@{quote(str(self.redis_socket))}?db={db}"


def layout(var_dir: Path, *, durable: bool = True) -> Layout:
    """The layout of a var directory; makes the directory and its secrets on the first call.

    Raises EmbeddedError where the directory or the servers' account cannot be used.
    """
    var = VarDir(var_dir.absolute())
    account = server_account()
    var.make()
    try:
        with locked(var.run / "layout.lock"):
            credentials = read_or_create_credentials(var.path)
    except OSError as error:
        raise unusable(var.path, error) from None
    return _lay_out(var, account, credentials, durable=durable)


def read_layout(var_dir: Path) -> Layout:
    """The same without writing anything, for who only needs the URLs: the settings.

    Raises EmbeddedError where the secrets may not be read or no account is usable.
    """
    var = VarDir(var_dir.absolute())
    try:
        credentials = read_credentials(var.path)
    except OSError as error:
        raise unusable(var.path, error) from None
    return _lay_out(var, server_account(), credentials, durable=True)


def _lay_out(var: VarDir, account: Account, credentials: Credentials, *, durable: bool) -> Layout:
    home = _system_home(var.path) if account.foreign else var.path
    return Layout(var, home, _socket_home(home, account), account, credentials, durable)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _system_home(var_dir: Path) -> Path:
    return SYSTEM_HOME / _digest(var_dir.resolve())


def _socket_home(home: Path, account: Account) -> Path:
    longest = home / "postgres" / "s" / f"{POSTGRES_SOCKET_NAME}.lock"
    if len(os.fsencode(longest)) <= SOCKET_PATH_MAX:
        return home
    # Everybody's folder: prepare_home takes the subfolder only if this account made it.
    return Path("/tmp") / f"chatbot_saas-{account.uid}-{_digest(home)}"  # noqa: S108
