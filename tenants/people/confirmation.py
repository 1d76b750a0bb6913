"""An address is confirmed by the link in a mail and by the account together.

The link alone would let its reader confirm a stranger's account in their own name, so whoever uses it is
logged in or knows the password. Who does not know it sets a new one (`accounts.reset_password`).
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from core.errors import NotFound
from tenants.context import platform_context
from tenants.models import User
from tenants.people.accounts import confirm

LIFETIME_SECONDS = 3 * 24 * 3600
_SALT = "tenants.people.confirmation"
_STALE = "This link has been used or is too old. Log in to have another one sent."


@dataclass(frozen=True, slots=True)
class Claim:
    """An account, and the address that it is to prove: its own, or the one it moves to."""

    user: User
    email: str


def make_token(user: User, *, email: str = "") -> str:
    """What a link carries: signed, for three days, and worth nothing after its use or another password.
    `email` is the new address of an account that moves."""
    claim = {"account": user.pk.hex, "email": email or user.email, "state": _state(user)}
    return signing.dumps(claim, salt=_SALT)


def read_token(token: str) -> Claim:
    """Raises `NotFound` for a link that was used, changed or is too old."""
    try:
        given: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=LIFETIME_SECONDS)
    except signing.BadSignature as error:
        raise NotFound(_STALE) from error
    with platform_context():
        user = User.objects.filter(pk=UUID(given["account"]), is_active=True).first()
    if user is None or _state(user) != given["state"]:
        raise NotFound(_STALE)
    return Claim(user, given["email"])


def use_token(token: str) -> User:
    """The account has proved the address; its caller has made sure whose account it is.

    Raises `NotFound` as `read_token` does, and when the address is another account's by now.
    """
    with platform_context(), transaction.atomic():
        # Of several uses at once one comes first; the others find another state.
        User.objects.select_for_update().filter(pk=read_token(token).user.pk).first()
        claim = read_token(token)
        confirm(claim.user, email=claim.email)
    return claim.user


def _state(user: User) -> str:
    """Changes with what a link changes, and with the password."""
    state = f"{user.email}|{user.confirmed_at}|{user.password}"
    return hashlib.sha256(state.encode()).hexdigest()[:32]
