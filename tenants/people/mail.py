"""Mail to people. Sent by a worker, so that how long a page takes tells nobody who has an account.

No mail holds what its reader has not written: a name would let a stranger write in ours.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.errors import Unavailable
from tenants.context import DATABASE_AWAY, platform_context
from tenants.limits.forms import mails_counted
from tenants.models import User
from tenants.people.accounts import find_account, find_claim, make_reset_link
from tenants.people.confirmation import make_token
from tenants.people.invitations import find_addressee, make_mailed_link
from tenants.work.tasks import PlatformTask

log = logging.getLogger(__name__)
_HOUR, _DAY = 3600, 24 * 3600
# How long before an account is removed its address is told.
EXPIRY_WARNED_DAYS = 7


class MailTask(PlatformTask):
    """A mail server, Redis or a database that is away is asked again, for some minutes."""

    abstract = True
    ignore_result = True
    autoretry_for = (OSError, Unavailable, *DATABASE_AWAY)
    # Seconds, doubled with each try.
    retry_backoff = 10
    max_retries = 5


def ask_for_reset_mail(email: str, base_url: str) -> None:
    """Have the mail sent, if there is such an account. Raises `Unavailable` when it cannot be."""
    # After an hour nobody waits for it, and the person has asked again.
    _ask(send_reset_mail, email, base_url, expires=_HOUR)


def ask_for_confirmation_mail(*, user_id: UUID, base_url: str, email: str = "") -> None:
    """Have the link sent with which the account proves its address, or the new one it moves to.
    Raises `Unavailable` when it cannot be."""
    _ask(send_confirmation_mail, str(user_id), base_url, email, expires=_DAY)


def ask_for_invitation_mail(*, invitation_id: UUID, base_url: str) -> None:
    """Have the invitation sent to its address. Raises `Unavailable` when it cannot be."""
    _ask(send_invitation_mail, str(invitation_id), base_url, expires=_DAY)


def ask_for_expiry_mail(user_id: UUID) -> None:
    """Word that the account will be removed, with the link that keeps it. Raises `Unavailable`."""
    scheme, port = ("https", "") if settings.SERVE_HTTPS else ("http", f":{settings.PORT}")
    base_url = f"{scheme}://{settings.PLATFORM_HOST}{port}"
    _ask(send_expiry_mail, str(user_id), base_url, expires=_DAY)


def ask_for_moved_mail(old_email: str, *, user_id: UUID) -> None:
    """Word to the address that an account had before. Raises `Unavailable` when none can be sent."""
    _ask(send_moved_mail, old_email, str(user_id), expires=_DAY)


def _ask(task: MailTask, *values: str, expires: int) -> None:
    try:
        task.apply_async(values, retry=False, expires=expires)
    except OperationalError as error:
        raise Unavailable("No mail can be sent at the moment.", retry_after=30) from error


@shared_task(name="tenants.send_reset_mail", base=MailTask)
def send_reset_mail(email: str, base_url: str) -> bool:
    """The token is made here and is in the mail alone. Returns whether there was an account."""
    user = find_account(email) or find_claim(email)
    # Silently: the page has said the same to everybody.
    if user is None or not user.is_active:
        return False
    link = make_reset_link(user)
    url = f"{base_url}/password/reset/{link.account}/{link.token}"
    context = {"url": url, "is_proof": user.confirmed_at is None}
    # Not counted beside the form's own limits: nobody's tries may keep the owner from the link that
    # proves the address.
    _send("reset", "Set a new password", user.email, **context)
    return True


@shared_task(name="tenants.send_confirmation_mail", base=MailTask)
def send_confirmation_mail(user_id: str, base_url: str, email: str = "") -> bool:
    """A link, or word to the owner of the address that somebody used it. Whether it was a link."""
    with platform_context():
        user = User.objects.filter(pk=user_id, is_active=True).first()
    address = email or (user.email if user else "")
    if user is None or (user.confirmed_at and address == user.email):
        return False
    owner = find_account(address)
    if owner is not None:
        with _allowed("known", sender=user_id, to=owner.email) as allowed:
            if allowed:
                subject = "Somebody used your e-mail address"
                _send("known", subject, owner.email, base_url=base_url)
        return False
    with _allowed("confirm", sender=user_id, to=address) as allowed:
        if allowed:
            url = f"{base_url}/confirm/{make_token(user, email=address)}"
            _send("confirm", "Confirm your e-mail address", address, url=url, base_url=base_url)
    return True


@shared_task(name="tenants.send_invitation_mail", base=MailTask)
def send_invitation_mail(invitation_id: str, base_url: str) -> bool:
    """The mail's own link is made here and is in the mail alone. Returns whether it was still open."""
    found = find_addressee(UUID(invitation_id))
    if found is None:
        return False
    with _allowed("invitation", sender=str(found.tenant_id), to=found.email) as allowed:
        # Not before: a new link ends the one of an earlier mail.
        raw = make_mailed_link(UUID(invitation_id)) if allowed else None
        if raw is not None:
            url = f"{base_url}/invitations/{raw}"
            _send("invitation", "You are invited to a workspace", found.email, url=url)
    return True


@shared_task(name="tenants.send_expiry_mail", base=MailTask)
def send_expiry_mail(user_id: str, base_url: str) -> bool:
    """The time begins only when the mail has gone out. Returns whether it has."""
    with platform_context():
        unproven = User.objects.filter(pk=user_id, is_active=True, confirmed_at=None)
        user = unproven.first()
    # An address that is somebody else's by now cannot be confirmed: a link would promise it.
    if user is None or _is_warned(user) or find_account(user.email) is not None:
        return False
    with _allowed("expiry", sender=user_id, to=user.email) as allowed:
        if not allowed:
            return False
        url = f"{base_url}/confirm/{make_token(user)}"
        days = EXPIRY_WARNED_DAYS
        _send(
            "expiry",
            "Your account will be removed",
            user.email,
            url=url,
            base_url=base_url,
            days=days,
        )
    with platform_context():
        return bool(unproven.update(expiry_warned_at=timezone.now()))


def _is_warned(user: User) -> bool:
    """Since it was used the last time."""
    told = user.expiry_warned_at
    return told is not None and told >= (user.last_login or user.created_at)


@shared_task(name="tenants.send_moved_mail", base=MailTask)
def send_moved_mail(old_email: str, user_id: str = "") -> bool:
    with _allowed("moved", sender=user_id, to=old_email) as allowed:
        if allowed:
            _send("moved", "Your account has another e-mail address", old_email)
    return True


@contextmanager
def _allowed(kind: str, *, sender: str, to: str) -> Iterator[bool]:
    """Whoever types an address may be anybody, so what reaches its owner has a bound."""
    with mails_counted(kind, sender=sender, to=to) as allowed:
        if not allowed:
            log.warning("a mail was not sent: its address has had enough of them")
        yield allowed


def _send(template: str, subject: str, address: str, **context: object) -> None:
    send_mail(subject, render_to_string(f"tenants/mail/{template}.txt", context), None, [address])
