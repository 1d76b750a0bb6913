"""Whether this process could serve a turn, and if not, what is missing: told within two seconds, whatever
stalls."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from redis.exceptions import RedisError, ResponseError

from core.redis import event_redis
from knowledge import storage
from knowledge.files.url import SILENT, Bucket
from tenants.backend.sessions import sessions
from tenants.context import in_platform_reserved
from tenants.schemas import fleet

_MIN_POSTGRESQL = 160_000
_PATIENCE_SECONDS = 2.0

# A check that hangs is asked again when it is done, and not beside itself: its threads are few.
_running: dict[str, "asyncio.Task[list[str]]"] = {}


async def find_faults() -> list[str]:
    """Sentences about what is missing; none when all is well."""
    return [fault for faults in (await faults_by_part()).values() for fault in faults]


async def faults_by_part() -> dict[str, list[str]]:
    """The same by what it is missing from: `database`, `redis`, `files`."""
    database, redis, files = await asyncio.gather(
        _ask("database", _database, _why_no_database),
        _ask("redis", _redis, lambda: "Redis cannot be reached."),
        _ask("files", _files, _silent_files),
    )
    return {"database": database, "redis": redis, "files": files}


async def _ask(
    name: str, check: Callable[[], Coroutine[Any, Any, list[str]]], silent: Callable[[], str]
) -> list[str]:
    task = _running.get(name)
    if task is None or task.done():
        task = _running[name] = asyncio.create_task(check())
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    return task.result() if done else [silent()]


async def _database() -> list[str]:
    try:
        return await in_platform_reserved(database_faults)
    except DatabaseError:
        return [_why_no_database()]


def _why_no_database() -> str:
    """Connections that are refused look like none to who waits for one."""
    return sessions.refusal or "PostgreSQL cannot be reached."


async def _redis() -> list[str]:
    try:
        # Written and not asked for: a full server answers, and takes nothing.
        await event_redis().set("ready", "1", ex=60)
    except ResponseError:
        return ["Redis takes no writes: it is full, or a replica."]
    except (RedisError, OSError):
        return ["Redis cannot be reached."]
    return []


async def _files() -> list[str]:
    return await asyncio.to_thread(lambda: storage.files().faults())


def _silent_files() -> str:
    if isinstance(settings.FILE_STORE, Bucket):
        return SILENT
    return "Documents cannot be written: MEDIA_ROOT does not answer."


def database_faults() -> list[str]:
    """What keeps this login and database from serving (platform context)."""
    faults = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = session_user), "
            "EXISTS (SELECT FROM pg_class WHERE relowner = "
            "  (SELECT oid FROM pg_roles WHERE rolname = session_user)), "
            "pg_has_role(session_user, current_database() || '.owner', 'MEMBER'), "
            "current_setting('transaction_read_only')::bool"
        )
        version, superuser, owns, may_own, read_only = cursor.fetchone()
    if version < _MIN_POSTGRESQL:
        faults.append("PostgreSQL 16 or newer is needed.")
    if superuser:
        faults.append("The web's login is a superuser: tenants are not walled off.")
    if owns or may_own:
        faults.append("The web's login owns tables or may become their owner.")
    if read_only:
        faults.append("PostgreSQL takes no writes: it is a standby, or set to read only.")
    if fleet.is_behind():
        faults.append("Migrations are missing: run manage.py migrate_tenants.")
    elif fleet.schemas_without_role():
        faults.append("Roles of workspaces are missing: run manage.py migrate_tenants.")
    return faults
