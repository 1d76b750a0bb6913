"""What orchestrators and Prometheus ask: is the process alive, may it serve, what has it counted."""

import asyncio
import logging

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from chatbot_saas.alive import ROLES
from chatbot_saas.exposition import may_read, registry
from chatbot_saas.readiness import find_faults
from core.metrics import ALIVE, QUEUE_DEPTH
from tenants.context import DATABASE_AWAY, in_platform_reserved
from tenants.work import tickets
from tenants.work.watch import count_alive

log = logging.getLogger(__name__)


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a turn could be served; 503 with what is missing."""
    faults = await find_faults()
    body = {"status": "unready" if faults else "ready", "faults": faults}
    return JsonResponse(body, status=503 if faults else 200)


async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for the operator's token on the platform's host; otherwise not there."""
    on_platform = getattr(request, "tenant_id", None) is None
    if not on_platform or not may_read(request.headers.get("Authorization", "")):
        return HttpResponseNotFound()
    await _look_around()
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


async def _look_around() -> None:
    """What no process counts by itself. Without PostgreSQL or Redis the rest is told all the same."""
    try:
        for kind, waiting in (await in_platform_reserved(tickets.waiting_by_kind)).items():
            QUEUE_DEPTH.labels(kind).set(waiting)
    except DATABASE_AWAY:
        log.warning("the queue cannot be counted: the database is away")
    for role in ROLES:
        try:
            ALIVE.labels(role).set(await asyncio.to_thread(count_alive, role))
        except (RedisError, OSError):
            log.warning("workers cannot be counted: Redis is away")
