"""How often a form may be tried, for each address and for each account it names.

Guessing must not become free because the counter is away: without Redis these forms are closed, unlike
the chat, whose limits only keep things fair.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from core.client_ip import client_ip, network_of
from core.errors import RateLimited, Unauthenticated, Unavailable
from tenants.context import platform_context
from tenants.limits.windows import Limit, Refused, give_back, take_now

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


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
    address = network_of(address_of(request))
    _refuse_if(_used(request, f"{form}:address", address, per_address))
    if per_subject is not None and subject:
        pair = f"{subject.lower()} {address}"
        _refuse_if(_used(request, f"{form}:subject", pair, per_subject))


@contextmanager
def failures_counted(
    request: HttpRequest,
    form: str,
    subject: str,
    *,
    here: str,
    anywhere: str,
    device: str | None = None,
) -> Iterator[None]:
    """Counts the block when it raises `Unauthenticated`: what is right costs nothing.

    Each try is counted before the block and given back when it was no failure: of many at once, no more
    are made than may fail. `here` is how often it may fail for the subject from this address;
    `anywhere` from all of them, much more, so that a stranger's failures do not lock the owner out. A
    `device` that the subject has used before has a counter of its own, and neither of these; all of its
    devices together fail as often as all strangers may.
    Raises like `throttle`.
    """
    # One account has one counter, however its address is written.
    subject = subject.lower()
    network = network_of(address_of(request))
    limits = [
        _limit(f"{form}:failed-here", f"{subject} {network}", here),
        _limit(f"{form}:failed", subject, anywhere),
    ]
    if device is not None:
        limits = [
            _limit(f"{form}:failed-on", f"{subject} {device}", here),
            _limit(f"{form}:failed-known", subject, anywhere),
        ]
    _refuse_if(_counted(lambda: take_now(limits)))
    try:
        yield
    except Unauthenticated:
        raise
    except BaseException:
        _counted(lambda: give_back(limits))
        raise
    _counted(lambda: give_back(limits))


@contextmanager
def mails_counted(kind: str, *, sender: str, to: str) -> Iterator[bool]:
    """Whether one more mail of a kind may go to an address. Not counted when the block raises: the same
    mail will be tried again, and nobody has got it.

    A sender, an account or a workspace, has a bound of its own, so that nobody uses up what others may
    send there before the larger one of them all. Raises `Unavailable` without Redis.
    """
    to = to.lower()
    limits = [
        _limit(f"mail:{kind}:by", f"{sender} {to}", "10/h"),
        _limit(f"mail:{kind}", to, "30/h"),
    ]
    if _counted(lambda: take_now(limits)) is not None:
        yield False
        return
    try:
        yield True
    except BaseException:
        _counted(lambda: give_back(limits))
        raise


def _limit(group: str, value: str, rate: str) -> Limit:
    most, _, period = rate.partition("/")
    window = _UNITS[period[-1]] * int(period[:-1] or 1)
    # Hashed: an address or an id is nothing to read in a list of keys.
    digest = hashlib.sha256(f"{group}|{value}".encode()).hexdigest()
    return Limit(f"form:{digest}", int(most), "", window)


def _counted(step: Callable[[], Refused | None]) -> int | None:
    """The seconds to wait, when the step refuses. Raises `Unavailable` without Redis."""
    try:
        refused = step()
    except (RedisError, OSError) as error:
        raise Unavailable("This is not available at the moment.", retry_after=5) from error
    return refused.wait if refused else None


def _used(request: HttpRequest, group: str, value: str, rate: str) -> int | None:
    """Counts a try. None while there are tries left, else the wait in seconds."""
    try:
        # The counter's key carries the open context, and a form is tried on every host.
        with platform_context():
            usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    except (RedisError, OSError) as error:
        raise Unavailable("This is not available at the moment.", retry_after=5) from error
    if usage is None or usage["count"] <= usage["limit"]:
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
