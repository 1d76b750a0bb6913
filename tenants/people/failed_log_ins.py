"""Log-ins that failed, in the trail of the workspace. Written by a worker, so that how long a page takes
tells nobody who is a member, and a burst of guesses takes no connection from other requests.

Whoever guesses must not bury what else is in the trail, and nothing in it can be changed. So of an hour's
failures with one account from one network the first is written at once, then the tenth, the hundredth and
so on, with their number. Many networks make no more rows: beyond some, all of them are counted together.
"""

import logging
from typing import Any
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.client_ip import network_of
from tenants.context import tenant_context
from tenants.limits.windows import count_now
from tenants.models import Invitation, Membership, Tenant, User
from tenants.work.tasks import PlatformTask
from tenants.workspace.caller import called_from, caller_address
from tenants.workspace.changes import Changes, given
from tenants.workspace.services import record_event

log = logging.getLogger(__name__)
# After a day the trail is better without it than with a wrong time.
_EXPIRES_SECONDS = 86_400
_HOUR = 3600
# Rows of an hour in which the failures of one network are told apart.
_ROWS = 30


def report_failed_log_in(*, email: str, tenant_id: UUID, invitation_id: UUID | None = None) -> None:
    """Have it written, if the address is a member's, or the one that is invited where it was tried on an
    invitation's page. Nobody is refused for the trail's sake."""
    arguments = (email, str(tenant_id), caller_address(), str(invitation_id or ""))
    try:
        record_failed_log_in.apply_async(arguments, retry=False, expires=_EXPIRES_SECONDS)
    except OperationalError:
        log.warning("a failed log-in is missing in the trail: the broker is away")


@shared_task(base=PlatformTask, name="tenants.record_failed_log_in", ignore_result=True)
def record_failed_log_in(email: str, tenant_id: str, address: str, invitation_id: str = "") -> bool:
    """Returns whether it was written. Whoever is neither a member nor invited leaves no trace."""
    people = User.objects.with_email(email)
    members = Membership.objects.alive().filter(tenant_id=tenant_id, user__in=people)
    member_id = members.values_list("user_id", flat=True).first()
    with called_from(address):
        if member_id is not None:
            return _record(UUID(tenant_id), "login.failed", member_id)
        return bool(invitation_id) and _record_failed_join(people.first(), tenant_id, invitation_id)


def _record_failed_join(person: User | None, tenant_id: str, invitation_id: str) -> bool:
    invited = Invitation.objects.filter(pk=invitation_id, tenant_id=tenant_id).first()
    alive = Tenant.objects.alive().filter(pk=tenant_id).exists()
    if person is None or invited is None or not alive or person.email != invited.email:
        return False
    return _record(
        UUID(tenant_id),
        "member.join_failed",
        person.pk,
        # The workspace knows the address that it invited, and not yet whose it is.
        unnamed=True,
        target=invitation_id,
        name=invited.email,
    )


def _record(tenant_id: UUID, action: str, person_id: UUID, **told: Any) -> bool:
    failures = _failures_to_tell(f"{action}:{tenant_id.hex}:{person_id.hex}")
    if failures is None:
        return False
    with tenant_context(tenant_id):
        record_event(action=action, actor=str(person_id), changes=failures, **told)
    return True


def _failures_to_tell(name: str) -> Changes | None:
    """How many there were in this hour, nothing where it is the first; None for no row."""
    try:
        here = count_now(f"{name}:{network_of(caller_address())}", _HOUR)
        anywhere = count_now(name, _HOUR)
        if _is_told(here) and count_now(f"{name}:rows", _HOUR) <= _ROWS:
            return given(failures=here) if here > 1 else {}
    except (RedisError, OSError):
        # Without it nobody can log in, nor fail: this is one of the last.
        return {}
    return given(failures_from_everywhere=anywhere) if _is_told(anywhere) else None


def _is_told(count: int) -> bool:
    """
    >>> [count for count in range(1, 2000) if _is_told(count)]
    [1, 10, 100, 1000]
    """
    return str(count).rstrip("0") == "1"
