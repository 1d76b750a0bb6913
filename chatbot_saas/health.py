"""What orchestrators and Prometheus ask: is the process alive, may it serve, what has it counted."""

import asyncio
import os
import secrets

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError

from core.metrics import QUEUE_DEPTH
from core.redis import event_redis
from tenants.context import in_platform
from tenants.schemas import fleet
from tenants.work import tickets

_MIN_POSTGRESQL = 160_000


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a turn could be served; 503 with what is missing."""
    database, redis = await asyncio.gather(_database_faults(), _redis_faults())
    faults = database + redis
    body = {"status": "unready" if faults else "ready", "faults": faults}
    return JsonResponse(body, status=503 if faults else 200)


async def _database_faults() -> list[str]:
    try:
        return await in_platform(database_faults)
    except DatabaseError:
        return ["PostgreSQL cannot be reached."]


async def _redis_faults() -> list[str]:
    try:
        await event_redis().ping()
    except (RedisError, OSError):
        return ["Redis cannot be reached."]
    return []


def database_faults() -> list[str]:
    """What keeps this login and database from serving (platform context)."""
    faults = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = session_user), "
            "EXISTS (SELECT FROM pg_class WHERE relowner = "
            "  (SELECT oid FROM pg_roles WHERE rolname = session_user)), "
            "pg_has_role(session_user, current_database() || '.owner', 'MEMBER')"
        )
        version, superuser, owns, may_own = cursor.fetchone()
    if version < _MIN_POSTGRESQL:
        faults.append("PostgreSQL 16 or newer is needed.")
    if superuser:
        faults.append("The web's login is a superuser: tenants are not walled off.")
    if owns or may_own:
        faults.append("The web's login owns tables or may become their owner.")
    if fleet.is_behind():
        faults.append("Migrations are missing: run manage.py migrate_tenants.")
    return faults


async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for the operator's token on the platform's host; otherwise not there."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    on_platform = getattr(request, "tenant_id", None) is None
    if not wanted or not on_platform or not secrets.compare_digest(given.encode(), wanted.encode()):
        return HttpResponseNotFound()
    for kind, count in (await in_platform(tickets.waiting_by_kind)).items():
        QUEUE_DEPTH.labels(kind).set(count)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """Every process's counters when they share a directory, else this one's."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return PROCESS_REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
