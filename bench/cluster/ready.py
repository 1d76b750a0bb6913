"""Whether a part does its work: asked as its users ask it, within two seconds."""

import socket
from collections.abc import Callable

import httpx
import psycopg
import redis
from kombu import Connection
from kombu.exceptions import OperationalError

_SECONDS = 2.0
# Is the process `pid` of the part ready?
Ready = Callable[[int], bool]


def answers(url: str, token: str = "", verify: object = True) -> Ready:
    """GET gives 200."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def look(_: int) -> bool:
        try:
            answer = httpx.get(
                url,
                headers=headers,
                timeout=_SECONDS,
                trust_env=False,
                verify=verify,  # type: ignore[arg-type]
            )
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
