"""How often a key may call the API: counted by the minute in Redis, in one round trip.

A publishable key stands in a page that anybody may open, so it is counted by address: one visitor
must not be able to use up everybody's. With Redis away nobody is refused; see `tenants.limits.turns`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.decorators import async_only_middleware

from core.client_ip import network_of
from core.errors import AppError, RateLimited
from core.redis import key as redis_key
from core.responses import problem_response
from tenants.access import Principal
from tenants.limits.forms import address_of
from tenants.limits.windows import count

_WINDOW = 60


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What is left of a minute; `resets_in` is in seconds."""

    limit: int
    used: int
    resets_in: int

    @property
    def spent(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        """As OpenAI's clients know them."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(max(0, self.limit - self.used)),
            "x-ratelimit-reset-requests": f"{self.resets_in}s",
        }


@async_only_middleware
def key_rate_middleware(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[Any], Awaitable[HttpResponseBase]]:
    """Counts each request that has a key, refuses the one too many, and says how it stands."""

    async def middleware(request: Any) -> HttpResponseBase:
        try:
            status = await _count(request, request.api_key) if request.api_key else None
        except AppError as error:
            return problem_response(error, request)
        if status is None:
            return await get_response(request)
        refused = status.spent
        response = _refusal(status, request) if refused else await get_response(request)
        for name, value in status.headers().items():
            response.headers[name] = value
        return response

    return middleware


async def _count(request: HttpRequest, key: Principal) -> RateLimitStatus | None:
    """None when it cannot be counted. Windows begin with the minute, so the reset is known."""
    counted = await count(redis_key(key.tenant_id, "requests", _subject(request, key)), _WINDOW)
    return counted and RateLimitStatus(settings.API_REQUESTS_PER_MINUTE, *counted)


def _subject(request: HttpRequest, key: Principal) -> str:
    if not key.is_public:
        return key.key_id.hex
    network = network_of(address_of(request))
    # IPv6 has colons, which separate the parts of a key.
    return f"{key.key_id.hex}-{network.replace(':', '.').replace('/', '-') or 'unknown'}"


def _refusal(status: RateLimitStatus, request: HttpRequest) -> HttpResponseBase:
    error = RateLimited(
        f"This key may make {status.limit} requests a minute. "
        f"Try again in {status.resets_in} seconds.",
        retry_after=status.resets_in,
        until=timezone.now() + timedelta(seconds=status.resets_in),
    )
    return problem_response(error, request)
