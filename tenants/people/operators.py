"""Who runs the platform: accounts that may enter its admin, apart from any workspace."""

from uuid import UUID

from django.db import transaction

from core.errors import NotFound
from tenants.context import platform_context
from tenants.models import User
from tenants.people import second_factor
from tenants.people.accounts import check_password_strength


def make_operator(*, email: str, password: str) -> UUID:
    """An operator with this password: a new account, or the one with this address.

    Raises `InvalidRequest` (password).
    """
    check_password_strength(password, email=email)
    with platform_context(), transaction.atomic():
        user = User.objects.with_email(email).first() or User(email=email.lower())
        # Run by whoever has the server, who may do all of this anyway.
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
    return user.pk


def forget_second_factor(email: str) -> bool:
    """For an operator whose phone is gone: asked to set it up at the next log-in. False without one.

    Raises `NotFound`.
    """
    with platform_context():
        user = User.objects.with_email(email).filter(is_staff=True).first()
    if user is None:
        raise NotFound("There is no operator with this e-mail address.")
    return second_factor.reset(user.pk)


def set_active(*, user_id: UUID, active: bool) -> None:
    """An account that is not active cannot log in, and its sessions count no more. Raises `NotFound`."""
    with platform_context():
        if not User.objects.filter(pk=user_id).update(is_active=active):
            raise NotFound("There is no such account.")
