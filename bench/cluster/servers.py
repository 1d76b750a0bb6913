"""PostgreSQL and Redis as servers on loopback, of the programs that the embedded ones are."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.cluster import rabbitmq
from bench.cluster.plan import Plan
from chatbot_saas import embedded
from chatbot_saas.embedded import Layout, postgres_server
from chatbot_saas.embedded.account import make_private_dir
from chatbot_saas.embedded.binaries import Binaries, find_binaries
from chatbot_saas.embedded.credentials import write_private

# Every process has a pool of its own; a worker of Celery's prefork pool is several.
_MOST_CONNECTIONS = 200


class Servers:
    """Their programs, accounts and addresses. `layout` is that of the embedded ones: its passwords and
    folders are used, its sockets are not."""

    def __init__(self, plan: Plan, layout: Layout, binaries: Binaries) -> None:
        self._plan, self.layout, self._binaries = plan, layout, binaries

    @property
    def urls(self) -> dict[str, str]:
        """What the product is given; the migrations' login is not among it."""
        redis = self._plan.ports["redis"]
        return {
            "DATABASE_URL": self._database_url("app", self.layout.credentials.app),
            "REDIS_URL": f"redis://:{self.layout.credentials.redis}@127.0.0.1:{redis}",
            "CELERY_BROKER_URL": rabbitmq.url(self._plan.ports["rabbitmq"]),
        }

    @property
    def migration_url(self) -> str:
        return self._database_url("migrator", self.layout.credentials.migrator)

    @property
    def superuser_url(self) -> str:
        return self._database_url("postgres", self.layout.credentials.superuser)

    def _database_url(self, login: str, password: str) -> str:
        port = self._plan.ports["postgres"]
        return f"postgresql://{login}:{password}@127.0.0.1:{port}/chatbot_saas"

    def postgres_command(self) -> list[str]:
        settings = postgres_server.SETTINGS | {
            "listen_addresses": "127.0.0.1",
            "port": str(self._plan.ports["postgres"]),
            "unix_socket_directories": "",
            "max_connections": str(_MOST_CONNECTIONS),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = self._binaries.postgres_bin / "postgres"
        return [str(program), "-D", str(self.layout.postgres_data), *options]

    def redis_command(self) -> list[str]:
        return [str(self._binaries.redis_server), str(self.layout.redis_home / "redis.conf")]

    @property
    def rabbitmq_home(self) -> Path:
        return self.layout.home / "rabbitmq"

    def _prepare(self) -> None:
        # compose.yaml's: nothing is kept on the disk, and a full memory refuses.
        lines = (
            f"bind 127.0.0.1\nport {self._plan.ports['redis']}\n"
            f"requirepass {self.layout.credentials.redis}\n"
            f'maxmemory 512mb\nmaxmemory-policy noeviction\nsave ""\nappendonly no\n'
            f'dir "{self.layout.redis_home}"\n'
        )
        self._write(self.layout.redis_home / "redis.conf", lines)
        make_private_dir(self.rabbitmq_home, self.layout.account)
        text = rabbitmq.configuration(self._plan.ports["rabbitmq"])
        self._write(self.rabbitmq_home / "rabbitmq.conf", text)

    def _write(self, path: Path, text: str) -> None:
        write_private(path, text)
        if self.layout.account.foreign:
            shutil.chown(path, self.layout.account.uid, self.layout.account.gid)


@contextmanager
def prepared(plan: Plan) -> Iterator[Servers]:
    """A new database cluster that docs/bootstrap.sql has prepared; it goes at the end. Nothing runs."""
    layout = embedded.layout(plan.folder)
    try:
        # As the embedded servers once, for what a superuser does before the first start.
        with embedded.exclusive_servers(layout, frozenset({postgres_server.NAME})):
            pass
        servers = Servers(plan, layout, find_binaries(layout.account))
        servers._prepare()
        yield servers
    finally:
        shutil.rmtree(layout.home / "rabbitmq", ignore_errors=True)
        embedded.remove_home(layout)
