"""People's accounts: made, known again by their password, and their password changed.

An address belongs to the one account that has proved it (`confirmed_at`). Any number of others may name
it; they block nobody, and prove nothing (`tenants/people/takeover.py`).
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from core.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from core.names import check_name
from tenants.context import platform_context
from tenants.models import EntryTicket, User
from tenants.people.passwords import hash_password, is_password, normalized
from tenants.people.reset_tokens import reset_tokens
from tenants.people.takeover import take_over
from tenants.people.trail import record_about_account
from tenants.workspace.changes import compare

# Accounts with one address whose password is tried at a log-in.
_TRIED = 3
_STALE = "This link has been used or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class ResetLink:
    """What a reset link carries: the account and a token that dies with its use; see `reset_tokens`."""

    account: str
    token: str


def find_account(email: str) -> User | None:
    """The account that has proved the address."""
    with platform_context():
        return User.objects.with_email(email).first()


def find_claim(email: str) -> User | None:
    """The newest account that names the address without having proved it."""
    with platform_context():
        return User.objects.claiming(email).filter(is_active=True).first()


def check_password_strength(password: str, *, email: str = "", name: str = "") -> None:
    """Raises `InvalidRequest` with everything that is wrong with a new password."""
    try:
        password_validation.validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise InvalidRequest(" ".join(error.messages), param="password") from error


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that was found strong enough, as it is stored."""

    stored: str


def prepare_password(password: str, *, email: str = "", name: str = "") -> NewPassword:
    """Checked and hashed, before a transaction begins. Raises `InvalidRequest`, `Unavailable`."""
    check_password_strength(password, email=email, name=name)
    return NewPassword(hash_password(password))


def create_account(
    *, email: str, name: str, password: NewPassword, confirmed: bool = False
) -> User:
    """A new account. Unless `confirmed`, its address is a claim. Raises `InvalidRequest` (name), and
    `Conflict` (email) where the address is another account's."""
    check_name(name)
    confirmed_at = timezone.now() if confirmed else None
    try:
        with platform_context(), transaction.atomic():
            return User.objects.create_user(
                email, name=name, stored_password=password.stored, confirmed_at=confirmed_at
            )
    # Asked of the index: of two at once a look before would let both through.
    except IntegrityError as error:
        raise Conflict(
            "There is an account with this e-mail address already. Log in with it instead.",
            param="email",
        ) from error


def authenticate(
    request: HttpRequest, *, email: str, password: str, tenant_id: UUID | None = None
) -> User:
    """The account with this e-mail and password: the one that has proved the address, or one that names
    it. With a `tenant_id` of that workspace's members, so that no stranger's claim is in the way.

    Raises `Unauthenticated`, alike for what is wrong, and `Unavailable`. Takes as long for an unknown
    account as for a known one.
    """
    active = Q(is_active=True)
    if tenant_id is not None:
        active &= Q(memberships__tenant_id=tenant_id)
    for user in _candidates(email, active):
        if is_password(password, user.password if user else None) and user is not None:
            return user
    raise Unauthenticated("This e-mail address and password do not belong together.")


def _candidates(email: str, wanted: Q) -> list[User | None]:
    """Whose password is tried: always as many, with None for who is not there, so that the time it takes
    tells nothing of how many there are. Of claims also the first: later ones do not lock it out."""
    with platform_context():
        claims = User.objects.claiming(email).filter(wanted)
        proven = User.objects.with_email(email).filter(wanted).first()
        newest, first = list(claims[:2]), claims.last()
    ordered = (proven, *newest[:1], first, *newest[1:])
    found = list({user.pk: user for user in ordered if user is not None}.values())[:_TRIED]
    return [*found, *[None] * (_TRIED - len(found))]


def change_password(*, user: User, current: str, password: str) -> None:
    """A new password for one who knows the current one. All other sessions end with the old one.

    Raises `InvalidRequest` (current, password).
    """
    if not is_password(current, user.password):
        raise InvalidRequest("This is not your current password.", param="current")
    # A form that changes nothing would end all other sessions and protect nobody.
    if normalized(password) == normalized(current):
        raise InvalidRequest("This is the password you have. Choose another.", param="password")
    prepared = prepare_password(password, email=user.email, name=user.name)
    with platform_context(), transaction.atomic():
        _store(user, prepared)
        record_about_account(user.pk, "account.password_changed")


def rename(*, user: User, name: str) -> None:
    """Raises `InvalidRequest` (name)."""
    check_name(name)
    with platform_context(), transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        changes = compare({"name": person.name}, {"name": name})
        if changes:
            User.objects.filter(pk=user.pk).update(name=name)
            record_about_account(user.pk, "account.renamed", changes=changes)


def make_reset_link(user: User) -> ResetLink:
    # An id that tells no address to whoever sees the link.
    account = urlsafe_base64_encode(str(user.pk).encode())
    return ResetLink(account, reset_tokens.make_token(user))


def account_of_link(link: ResetLink) -> User:
    """Raises `NotFound` for a link that was used, changed or is too old."""
    try:
        user_id = UUID(urlsafe_base64_decode(link.account).decode())
    except (ValueError, UnicodeDecodeError) as error:
        raise NotFound(_STALE) from error
    with platform_context():
        user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not reset_tokens.check_token(user, link.token):
        raise NotFound(_STALE)
    return user


def reset_password(*, link: ResetLink, password: str) -> User:
    """Sets a new password for the account that the link was made for. The first one proves its address,
    and ends every way in that was made before; see `take_over`.

    Raises `NotFound` (link) and `InvalidRequest` (password).
    """
    found = account_of_link(link)
    prepared = prepare_password(password, email=found.email, name=found.name)
    with platform_context(), transaction.atomic():
        # Of several uses at once one comes first; the others find the password changed. All that name the
        # address, in one order: two who prove it with one claim each would wait for each other's.
        list(User.objects.naming(found.email).select_for_update().order_by("pk").values_list("pk"))
        user = account_of_link(link)
        if user.confirmed_at is None:
            take_over(user)
            confirm(user)
        _store(user, prepared)
        record_about_account(user.pk, "account.password_reset")
    return user


def confirm(user: User, *, email: str = "") -> None:
    """The account has proved its address, or this new one. Raises `NotFound` when the address is
    another account's by now."""
    user.email, user.confirmed_at = (email or user.email).lower(), timezone.now()
    try:
        with platform_context(), transaction.atomic():
            user.save(update_fields=["email", "confirmed_at"])
    # Asked of the index: another account may prove the address at the same moment.
    except IntegrityError as error:
        raise NotFound(_STALE) from error


def _store(user: User, password: NewPassword) -> None:
    user.password = password.stored
    with platform_context():
        user.save(update_fields=["password"])
        # Sessions end with the password; what would still open one ends with them.
        EntryTicket.objects.filter(user_id=user.pk).delete()
