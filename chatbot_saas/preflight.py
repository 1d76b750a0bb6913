"""Checks what the configuration promises, so that a wrong value is one clear line.

Run as `python -m chatbot_saas.preflight`: the supervisor stays free of what the checks import.
"""

import os
import sys
from typing import TYPE_CHECKING

from chatbot_saas.mode import embedded_servers
from chatbot_saas.start_error import StartError

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT = 5
BOOTSTRAP = "run docs/bootstrap.sql once as a superuser of that server (its first lines say how)"


def check_servers() -> None:
    """Load the settings and try the configured servers (embedded ones need no trial)."""
    embedded = embedded_servers()
    from chatbot_saas import settings

    if "postgres" not in embedded:
        check_database("DATABASE_URL", settings.DATABASE_URL)
        if settings.MIGRATION_DATABASE_URL:
            check_database("MIGRATION_DATABASE_URL", settings.MIGRATION_DATABASE_URL)
    if "redis" not in embedded:
        check_redis(settings.REDIS_URL)
    if os.environ.get("CELERY_BROKER_URL"):
        check_broker(settings.CELERY_BROKER_URL)


def check_database(name: str, url: str) -> None:
    """Raise StartError unless `url` opens a PostgreSQL 16+ that bootstrap.sql has prepared."""
    import psycopg

    try:
        connection = psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT, autocommit=True)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        raise StartError(
            f"{name} does not work: {_one_line(error)}. "
            "Check its host, port, user, password and database."
        ) from None
    with connection:
        if connection.info.server_version < 160_000:
            version = connection.info.parameter_status("server_version")
            raise StartError(f"{name} is PostgreSQL {version}: version 16 or later is needed.")
        _check_sessions(name, connection)
        _check_pgvector(name, connection)
        _check_roles(name, connection)


def check_redis(url: str) -> None:
    """Raise StartError unless `url` answers."""
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT).ping()
    except (redis.RedisError, ValueError) as error:
        raise StartError(
            f"REDIS_URL does not work: {_one_line(error)}. Check its host, port and password."
        ) from None


def check_broker(url: str) -> None:
    """Raise StartError unless a connection to the broker opens."""
    from kombu import Connection
    from kombu.exceptions import OperationalError

    try:
        with Connection(url, connect_timeout=CONNECT_TIMEOUT) as connection:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT)
    except (OperationalError, KeyError, ValueError) as error:
        raise StartError(f"CELERY_BROKER_URL does not work: {_one_line(error)}.") from None


def _check_sessions(name: str, connection: "psycopg.Connection[tuple[str, ...]]") -> None:
    from tenants.backend.sessions import SharedSessionError, sessions

    try:
        sessions.check(connection)
    except SharedSessionError as error:
        raise StartError(f"{name} does not work: {error}") from None


def _check_pgvector(name: str, connection: "psycopg.Connection[tuple[str, ...]]") -> None:
    row = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).fetchone()
    if row is None:
        raise StartError(f"The database of {name} has no pgvector: install it, then {BOOTSTRAP}.")
    if tuple(int(part) for part in row[0].split(".")) < (0, 8, 4):
        raise StartError(
            f"The database of {name} has pgvector {row[0]}: 0.8.4 or later is needed, then "
            "ALTER EXTENSION vector UPDATE."
        )


def _check_roles(name: str, connection: "psycopg.Connection[tuple[str, ...]]") -> None:
    row = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = current_database() || '.platform'"
    ).fetchone()
    if row is None:
        raise StartError(f"The database of {name} is not prepared: {BOOTSTRAP}.")


def _one_line(error: Exception) -> str:
    # libpq puts every address it tried on a line of its own; the last one is the reason.
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


if __name__ == "__main__":
    from django.core.exceptions import ImproperlyConfigured

    try:
        check_servers()
    except (StartError, ImproperlyConfigured) as problem:
        sys.exit(f"{problem}")
