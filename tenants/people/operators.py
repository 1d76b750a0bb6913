"""Who runs the platform: accounts that may enter its admin, apart from any workspace."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.errors import Conflict, NotFound
from tenants.context import platform_context
from tenants.models import User
from tenants.people import second_factor
from tenants.people.accounts import confirm, prepare_password
from tenants.people.trail import record_about_account


def make_operator(*, email: str, password: str) -> UUID:
    """An operator with this password: a new account, or the one that has proved this address. One that
    merely names it stays what it is.

    Raises `InvalidRequest` (password).
    """
    prepared = prepare_password(password, email=email)
    with platform_context(), transaction.atomic():
        user = User.objects.with_email(email).first() or User(email=email.lower())
        # Run by whoever has the server, who may do all of this anyway.
        user.is_staff = user.is_superuser = user.is_active = True
        user.confirmed_at = user.confirmed_at or timezone.now()
        user.password = prepared.stored
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


def set_active(*, user_id: UUID, active: bool, actor: str) -> None:
    """An account that is not active cannot log in, and its sessions count no more. Raises `NotFound`."""
    with platform_context(), transaction.atomic():
        account = User.objects.filter(pk=user_id)
        if account.filter(is_active=not active).update(is_active=active):
            action = "account.reactivated" if active else "account.deactivated"
            record_about_account(user_id, action, actor=actor)
        elif not account.exists():
            raise NotFound("There is no such account.")


def vouch_for(*, user_id: UUID, actor: str) -> None:
    """The account's address counts as proved: the operator knows whose it is. Raises `NotFound`, and
    `Conflict` when it has been proved, or is another account's."""
    with platform_context(), transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise NotFound("There is no such account.")
        if user.confirmed_at is not None:
            raise Conflict("The address of this account is confirmed.")
        if User.objects.with_email(user.email).exists():
            raise Conflict("Another account has confirmed this address.")
        confirm(user)
        record_about_account(user.pk, "account.vouched_for", actor=actor)
