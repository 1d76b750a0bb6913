"""How often a form may be tried, for each address and for each account it names.

Guessing must not become free because the counter is away: without Redis these forms are closed, unlike
the chat, whose limits only keep things fair.
"""

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from core.client_ip import client_ip
from core.errors import RateLimited, Unavailable
from tenants.context import platform_context


def throttle(
    request: HttpRequest,
    form: str,
    *,
    per_address: str,
    subject: str = "",
    per_subject: str | None = None,
) -> None:
    """Count one try. Rates are `tries/period`, as `20/5m`; `subject` is what is tried, as an e-mail.

    Counted across all hosts. Raises `RateLimited` with the wait, and `Unavailable` without Redis.
    """
    checks = [(f"{form}:address", address_of(request), per_address)]
    if per_subject is not None and subject:
        checks.append((f"{form}:subject", subject.lower(), per_subject))
    for group, value, rate in checks:
        _count(request, group, value, rate)


def _count(request: HttpRequest, group: str, value: str, rate: str) -> None:
    try:
        with platform_context():
            usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    except (RedisError, OSError) as error:
        raise Unavailable("This is not available at the moment.", retry_after=5) from error
    if usage and usage["should_limit"]:
        wait = max(1, usage["time_left"])
        raise RateLimited(f"Too many tries. Try again in {_spoken(wait)}.", retry_after=wait)


def _spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


def address_of(request: HttpRequest) -> str:
    """The caller's address; what an untrusted hop wrote is not believed."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_ip(request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES)
