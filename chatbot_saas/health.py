"""What orchestrators and Prometheus ask: is the process alive, may it serve, what has it counted."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chatbot_saas.exposition import may_read, registry
from chatbot_saas.gauges import look_around
from chatbot_saas.readiness import find_faults


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all."""
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a turn could be served; 503 with what is missing. Both name the release."""
    faults = await find_faults()
    body: dict[str, object] = {"status": "unready" if faults else "ready", "faults": faults}
    if settings.RELEASE:
        body["release"] = settings.RELEASE
    return JsonResponse(body, status=503 if faults else 200)


async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for the operator's token on no workspace's host; otherwise not there."""
    of_workspace = getattr(request, "tenant_id", None) is not None
    if of_workspace or not may_read(request.headers.get("Authorization", "")):
        return HttpResponseNotFound()
    await look_around()
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)
