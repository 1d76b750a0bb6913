"""Proving who one is, by e-mail and password: on the platform's host, in a workspace, for a token."""

from uuid import UUID

from django.http import HttpRequest

from core.errors import Unauthenticated
from tenants.limits.forms import failures_counted, throttle
from tenants.models import User
from tenants.people.accounts import authenticate
from tenants.people.members import find_member

# One sentence for all of it: which part is wrong would tell that the rest is right.
_NOBODY = (
    "This e-mail address and password do not belong together, or not to a member of this workspace."
)


def prove(request: HttpRequest, *, email: str, password: str) -> User:
    """The account with this e-mail and password. Raises `Unauthenticated`, and what throttling does."""
    throttle(request, "log-in", per_address="60/5m")
    with failures_counted(request, "log-in", email, here="10/5m", anywhere="100/5m"):
        return authenticate(request, email=email, password=password)


def prove_member(request: HttpRequest, *, email: str, password: str, tenant_id: UUID) -> User:
    """The same for a member of this workspace. Somebody who is no member is refused in the same words."""
    try:
        user = prove(request, email=email, password=password)
    except Unauthenticated as error:
        raise Unauthenticated(_NOBODY) from error
    # After the password, so that it does not tell who belongs to which workspace.
    if find_member(user_id=user.pk, tenant_id=tenant_id) is None:
        raise Unauthenticated(_NOBODY)
    return user
