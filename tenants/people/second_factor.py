"""The operator's second factor: six digits of an authenticator app (TOTP, RFC 6238).

The secret is sealed for its row. A code counts once: the time step it belongs to must be a later one
than the last, decided by one UPDATE, so that two who send the same code are not both let in.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.crypto import KeyRing, SealBroken
from core.errors import InvalidRequest, Unauthenticated, Unavailable
from tenants.context import platform_context
from tenants.models import SecondFactor, User
from tenants.people.trail import record_about_account
from tenants.workspace.services import SYSTEM

log = logging.getLogger(__name__)

ISSUER = "Chatbot operator"
_STEP_SECONDS = 30
# Clocks differ: the step before and the one after count as well.
_STEPS = (-1, 0, 1)
_UNREADABLE = (
    "Your second factor cannot be read any more, because this server's secret key was changed. "
    "Whoever runs the server can reset it: manage.py reset_second_factor."
)
_WRONG = "This code is not right, or was used already. Wait for the next one."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given: base32 text to type, or the address behind a link."""

    secret: str
    uri: str


def is_enrolled(user_id: UUID) -> bool:
    with platform_context():
        return SecondFactor.objects.filter(pk=user_id, confirmed_at__isnull=False).exists()


def begin_enrolment(user: User) -> Enrolment:
    """The secret that waits for its first code; the same one until then.

    Raises `InvalidRequest` when a factor is confirmed already: `reset` first.
    """
    with platform_context():
        factor = SecondFactor.objects.filter(pk=user.pk).first()
        if factor is not None and factor.confirmed_at is not None:
            raise InvalidRequest("This account has a second factor already.")
        if factor is None:
            fresh = _seal(user.pk, pyotp.random_base32())
            # Two tabs that begin at once must show the same secret.
            factor, _ = SecondFactor.objects.get_or_create(user=user, defaults={"sealed": fresh})
    secret = _open(factor)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return Enrolment(secret, uri)


def confirm_enrolment(*, user_id: UUID, code: str) -> None:
    """The first code makes the factor count. Raises `Unauthenticated` (code)."""
    with platform_context(), transaction.atomic():
        _take(user_id, code, Q(confirmed_at=None), confirmed_at=timezone.now())
        record_about_account(user_id, "account.second_factor_added")


def check_code(*, user_id: UUID, code: str) -> None:
    """Takes one code of a confirmed factor. Raises `Unauthenticated` (code)."""
    _take(user_id, code, Q(confirmed_at__isnull=False))


def reset(user_id: UUID, *, actor: str = SYSTEM) -> bool:
    """Forget the factor, so that the next sign-in asks to set one up. False when there was none."""
    with platform_context(), transaction.atomic():
        removed, _ = SecondFactor.objects.filter(pk=user_id).delete()
        if removed:
            record_about_account(user_id, "account.second_factor_removed", actor=actor)
    return bool(removed)


def _take(user_id: UUID, code: str, condition: Q, **changed: datetime) -> None:
    with platform_context():
        factor = SecondFactor.objects.filter(condition, pk=user_id).first()
        step = _step_of(_open(factor), code) if factor is not None else None
        taken = step is not None and SecondFactor.objects.filter(
            condition, pk=user_id, last_step__lt=step
        ).update(last_step=step, **changed)
    if not taken:
        raise Unauthenticated(_WRONG, param="code")


def _step_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to."""
    digits = "".join(code.split())
    # `isdecimal` alone takes digits of other scripts, which the app never shows.
    if len(digits) != 6 or not digits.isdecimal() or not digits.isascii():
        return None
    now = int(timezone.now().timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    fitting = (now + step for step in _STEPS if _matches(totp, digits, now + step))
    return next(fitting, None)


def _matches(totp: pyotp.TOTP, digits: str, step: int) -> bool:
    return pyotp.utils.strings_equal(totp.generate_otp(step), digits)


def _place(user_id: UUID) -> str:
    return f"tenants_secondfactor|{user_id}"


def _seal(user_id: UUID, secret: str) -> str:
    ring: KeyRing = settings.SEALING_KEYS
    return ring.seal(secret, place=_place(user_id))


def count_closed() -> int:
    """How many this server's keys do not open, in the caller's context: after a restore, their operators
    need new ones."""
    closed = 0
    for factor in SecondFactor.objects.all():
        try:
            settings.SEALING_KEYS.open(factor.sealed, place=_place(factor.pk))
        except SealBroken:
            closed += 1
    return closed


def _open(factor: SecondFactor) -> str:
    ring: KeyRing = settings.SEALING_KEYS
    try:
        return ring.open(factor.sealed, place=_place(factor.pk))
    except SealBroken as error:
        log.error("a second factor cannot be opened: is a value missing in SECRET_KEY_FALLBACKS?")
        raise Unavailable(_UNREADABLE) from error
