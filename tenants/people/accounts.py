"""People's accounts: made, known again by their password, and their password changed."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import auth
from django.contrib.auth import password_validation
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from core.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from tenants.context import platform_context
from tenants.models import User

_STALE = "This link has been used or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class ResetLink:
    """What a reset link carries: the account and a token that dies with the password it was made for."""

    account: str
    token: str


def find_account(email: str) -> User | None:
    with platform_context():
        return User.objects.with_email(email).first()


def check_password_strength(password: str, *, email: str = "", name: str = "") -> None:
    """Raises `InvalidRequest` with everything that is wrong with a new password."""
    try:
        password_validation.validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise InvalidRequest(" ".join(error.messages), param="password") from error


def create_account(*, email: str, name: str, password: str) -> User:
    """A new account. Raises `InvalidRequest` (password) and `Conflict` (email)."""
    check_password_strength(password, email=email, name=name)
    try:
        with platform_context(), transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    # Asked of the index: of two sign-ups at once a look before would let both through.
    except IntegrityError as error:
        raise Conflict(
            "There is an account with this e-mail address already. Log in with it instead.",
            param="email",
        ) from error


def authenticate(request: HttpRequest, *, email: str, password: str) -> User:
    """The account with this e-mail and password. Raises `Unauthenticated`, alike for what is wrong.

    Takes as long for an unknown account as for a known one.
    """
    with platform_context():
        # Django hashes for an unknown account too, so time tells nothing.
        user = auth.authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise Unauthenticated("This e-mail address and password do not belong together.")
    return user


def change_password(*, user: User, current: str, password: str) -> None:
    """A new password for one who knows the current one. All other sessions end with the old one.

    Raises `InvalidRequest` (current, password).
    """
    if not user.check_password(current):
        raise InvalidRequest("This is not your current password.", param="current")
    # A form that changes nothing would end all other sessions and protect nobody.
    if password == current:
        raise InvalidRequest("This is the password you have. Choose another.", param="password")
    _set_password(user, password)


def rename(*, user: User, name: str) -> None:
    with platform_context():
        User.objects.filter(pk=user.pk).update(name=name)


def make_reset_link(user: User) -> ResetLink:
    # An id that tells no address to whoever sees the link.
    account = urlsafe_base64_encode(str(user.pk).encode())
    return ResetLink(account, default_token_generator.make_token(user))


def account_of_link(link: ResetLink) -> User:
    """Raises `NotFound` for a link that was used, changed or is too old."""
    try:
        user_id = UUID(urlsafe_base64_decode(link.account).decode())
    except (ValueError, UnicodeDecodeError) as error:
        raise NotFound(_STALE) from error
    with platform_context():
        user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, link.token):
        raise NotFound(_STALE)
    return user


def reset_password(*, link: ResetLink, password: str) -> User:
    """Sets a new password for the account that the link was made for.

    Raises `NotFound` (link) and `InvalidRequest` (password).
    """
    with platform_context(), transaction.atomic():
        # Of several uses at once one comes first; the others find the password changed.
        User.objects.select_for_update().filter(pk=account_of_link(link).pk).first()
        user = account_of_link(link)
        _set_password(user, password)
    return user


def _set_password(user: User, password: str) -> None:
    check_password_strength(password, email=user.email, name=user.name)
    user.set_password(password)
    with platform_context():
        user.save(update_fields=["password"])
