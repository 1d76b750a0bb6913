"""Proving who one is, by e-mail and password: on the platform's host, in a workspace, for a token."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import HttpRequest

from core.errors import Unauthenticated
from tenants.limits.forms import failures_counted, throttle
from tenants.models import User
from tenants.people.accounts import authenticate, find_account
from tenants.people.devices import find_device
from tenants.people.failed_log_ins import report_failed_log_in
from tenants.people.members import find_member
from tenants.people.passwords import is_password

# One sentence for all of it: which part is wrong would tell that the rest is right.
_NOBODY = (
    "This e-mail address and password do not belong together, or not to a member of this workspace."
)


@contextmanager
def _counted(request: HttpRequest, email: str, account: User | None) -> Iterator[None]:
    """`account` is the one whose devices are known."""
    device = find_device(request.COOKIES, account.pk if account else None)
    # An address may be that of a whole office, of which a device is told apart.
    if device is None:
        throttle(request, "log-in", per_address="60/5m")
    with failures_counted(request, "log-in", email, here="10/5m", anywhere="100/5m", device=device):
        yield


def prove(
    request: HttpRequest, *, email: str, password: str, tenant_id: UUID | None = None
) -> User:
    """The account with this e-mail and password; see `authenticate`. Raises `Unauthenticated`, and what
    throttling does."""
    # A claim of the address is known nowhere: its devices could be a stranger's.
    with _counted(request, email, find_account(email)):
        return authenticate(request, email=email, password=password, tenant_id=tenant_id)


def prove_holder(request: HttpRequest, *, user: User, password: str) -> None:
    """That this account's password is known. Raises `Unauthenticated` (password), and what throttling
    does; counted with the log-ins, because it is guessed alike."""
    with _counted(request, user.email, user):
        if not is_password(password, user.password):
            raise Unauthenticated("This is not the password of this account.", param="password")


def prove_member(request: HttpRequest, *, email: str, password: str, tenant_id: UUID) -> User:
    """The same for a member of this workspace. Somebody who is no member is refused in the same words."""
    try:
        user = prove(request, email=email, password=password, tenant_id=tenant_id)
        # After the password, so that it does not tell who belongs to which workspace.
        if find_member(user_id=user.pk, tenant_id=tenant_id) is None:
            raise Unauthenticated(_NOBODY)
    except Unauthenticated as error:
        report_failed_log_in(email=email, tenant_id=tenant_id)
        raise Unauthenticated(_NOBODY) from error
    return user
