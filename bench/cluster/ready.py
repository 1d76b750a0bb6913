"""Whether a part does its work: asked as its users ask it, within two seconds."""

import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import psycopg
import redis
from kombu import Connection
from kombu.exceptions import OperationalError

from bench.s3_server import BUCKET

_SECONDS = 2.0
# Is the process `pid` of the part ready?
Ready = Callable[[int], bool]


def of(name: str, ports: Mapping[str, int], urls: Mapping[str, str], certificate: Path) -> Ready:
    """How the part `name` is asked; `urls` are those that the product is given."""
    role = name if name == "s3" else name.rstrip("0123456789")
    cache = f"{urls['REDIS_URL']}/0"
    asked: dict[str, Callable[[], Ready]] = {
        "postgres": lambda: takes_statements(urls["DATABASE_URL"]),
        "redis": lambda: answers_ping(urls["REDIS_URL"]),
        "rabbitmq": lambda: lets_in(urls["CELERY_BROKER_URL"]),
        "worker": lambda: says_alive(cache, "worker"),
        "beat": lambda: says_alive(cache, "beat"),
        "nginx": lambda: answers(f"https://127.0.0.1:{ports['https']}/healthz", certificate),
    }
    if role in asked:
        return asked[role]()
    path = {"web": "/readyz", "s3": f"/{BUCKET}", "provider": "/_log", "pager": "/"}.get(
        role, "/-/ready"
    )
    return answers(f"http://127.0.0.1:{ports[name]}{path}")


def answers(url: str, certificate: Path | None = None) -> Ready:
    """GET gives 200, over TLS with this certificate."""

    def look(_: int) -> bool:
        verify = ssl.create_default_context(cafile=certificate) if certificate else True
        try:
            answer = httpx.get(url, timeout=_SECONDS, trust_env=False, verify=verify)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    return look


def takes_statements(url: str) -> Ready:
    """PostgreSQL."""

    def look(_: int) -> bool:
        try:
            with psycopg.connect(url, connect_timeout=int(_SECONDS)) as connection:
                return connection.execute("SELECT 1").fetchone() is not None
        except psycopg.OperationalError:
            return False

    return look


def answers_ping(url: str) -> Ready:
    """Redis."""

    def look(_: int) -> bool:
        try:
            with redis.Redis.from_url(url, socket_timeout=_SECONDS) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    return look


def lets_in(url: str) -> Ready:
    """A broker."""

    def look(_: int) -> bool:
        try:
            with Connection(url, connect_timeout=_SECONDS) as connection:
                connection.connect()
                return True
        except (OperationalError, OSError):
            return False

    return look


def says_alive(url: str, role: str) -> Ready:
    """A worker or beat that has said since its start that it lives; `url` is the cache's."""

    def look(pid: int) -> bool:
        try:
            with redis.Redis.from_url(url, socket_timeout=_SECONDS) as client:
                member = f"{socket.gethostname()}:{pid}"
                return client.zscore(f"alive:{role}", member) is not None
        except redis.RedisError:
            return False

    return look
