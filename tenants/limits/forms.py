"""How often a form may be tried, for each address and for each account it names.

Guessing must not become free because the counter is away: without Redis these forms are closed, unlike
the chat, whose limits only keep things fair.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from core.client_ip import client_ip
from core.errors import RateLimited, Unauthenticated, Unavailable
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

    Counted across all hosts; the subject's rate holds for one address, so that nobody else's tries
    use it up. Raises `RateLimited` with the wait, and `Unavailable` without Redis.
    """
    address = address_of(request)
    _refuse_if(_used(request, f"{form}:address", address, per_address, count=True))
    if per_subject is not None and subject:
        pair = f"{subject.lower()} {address}"
        _refuse_if(_used(request, f"{form}:subject", pair, per_subject, count=True))


@contextmanager
def failures_counted(
    request: HttpRequest, form: str, subject: str, *, here: str, anywhere: str
) -> Iterator[None]:
    """Counts the block when it raises `Unauthenticated`: what is right costs nothing.

    `here` is how often it may fail for the subject from this address; `anywhere` from all of them,
    much more, so that a stranger's failures do not lock the owner out. Raises like `throttle`.
    """
    # One account has one counter, however its address is written.
    subject = subject.lower()
    counters = (
        (f"{form}:failed-here", f"{subject} {address_of(request)}", here),
        (f"{form}:failed", subject, anywhere),
    )
    for counter in counters:
        _refuse_if(_used(request, *counter, count=False))
    try:
        yield
    except Unauthenticated:
        for counter in counters:
            _used(request, *counter, count=True)
        raise


def _used(request: HttpRequest, group: str, value: str, rate: str, *, count: bool) -> int | None:
    """None while there are tries left, else the wait in seconds. Without `count` it only looks."""
    try:
        # The counter's key carries the open context, and a form is tried on every host.
        with platform_context():
            usage = get_usage(
                request, group=group, key=lambda *_: value, rate=rate, increment=count
            )
    except (RedisError, OSError) as error:
        raise Unavailable("This is not available at the moment.", retry_after=5) from error
    # A look must refuse when the counter stands at its limit; a count has just added itself.
    if usage is None or usage["count"] < usage["limit"] + count:
        return None
    return max(1, int(usage["time_left"]))


def _refuse_if(wait: int | None) -> None:
    if wait is not None:
        raise RateLimited(f"Too many tries. Try again in {_spoken(wait)}.", retry_after=wait)


def _spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


def address_of(request: HttpRequest) -> str:
    """The caller's address; what an untrusted hop wrote is not believed."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_ip(request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES)
