"""The outermost middleware: gives each request an id, counts it and writes one log line for it."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import async_only_middleware

from chatbot_saas.logs import request_id, without_secrets
from core.areas import ContentPolicy, LogPath, find_area
from core.ids import new_id
from core.metrics import REQUEST_SECONDS, REQUESTS

logger = logging.getLogger("chatbot_saas.request")
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@async_only_middleware
def request_log(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[Any], Awaitable[HttpResponseBase]]:
    """Sets `request.request_id`, from the client's `X-Request-ID` if that is well formed, and the
    response's `x-request-id`."""

    async def middleware(request: Any) -> HttpResponseBase:
        # A client's id ties its log to ours; another form could forge a log line.
        sent = request.headers.get("X-Request-ID", "")
        request.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(new_id())
        request_id.set(request.request_id)
        started = time.perf_counter()
        response = await get_response(request)
        response["x-request-id"] = request.request_id
        _protect(request, response)
        area = find_area(request.path)
        if area.log is not LogPath.QUIET:
            seconds = time.perf_counter() - started
            REQUESTS.labels(area.name, response.status_code).inc()
            REQUEST_SECONDS.labels(area.name).observe(seconds)
            _log_request(request, response, seconds)
        return response

    return middleware


def _protect(request: HttpRequest, response: HttpResponseBase) -> None:
    """What every answer carries, also one that was given before the middlewares that see to it: a file,
    or a refusal of the host or the body."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if settings.SECURE_HSTS_SECONDS and request.is_secure():
        headers.setdefault("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")
    if find_area(request.path).policy is not ContentPolicy.NONE:
        headers.setdefault("Content-Security-Policy", _NOTHING)


def _log_request(request: Any, response: HttpResponseBase, seconds: float) -> None:
    # No query string, because it may hold what a person typed.
    logger.info(
        "request",
        extra={
            "method": request.method,
            "path": without_secrets(request.path),
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "tenant_id": getattr(request, "tenant_id", None),
        },
    )
