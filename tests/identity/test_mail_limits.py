"""Mails that were promised arrive: also when something was away, and when others name the address."""

import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import shared_task
from django.core import mail
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from core.errors import Unavailable
from tenants.context import platform_context
from tenants.limits.forms import mails_counted
from tenants.models import Invitation
from tenants.people.invitations import read_invitation
from tenants.people.mail import MailTask, send_invitation_mail, send_moved_mail
from tenants.schemas.provisioning import TenantRef
from tests.identity.test_confirmation import new_email
from tests.mailbox import BASE, path_in

_tries: list[str] = []


@shared_task(name="tests.away_twice", base=MailTask)
def away_twice(kind: str) -> str:
    _tries.append(kind)
    if len(_tries) < 3:
        raise {
            "mail server": ConnectionRefusedError("away"),
            "redis": Unavailable("away"),
            "database": OperationalError("away"),
            "connection": InterfaceError("away"),
        }[kind]
    return "sent"


@pytest.mark.parametrize("kind", ["mail server", "redis", "database", "connection"])
def test_whatever_is_away_is_asked_again(kind: str) -> None:
    _tries.clear()
    assert away_twice.apply((kind,)).get() == "sent"
    assert _tries == [kind] * 3


def mailed_to(address: str) -> int:
    return sum(each.to == [address] for each in mail.outbox)


def test_what_could_not_be_sent_uses_up_nothing(settings: Any) -> None:
    email, backend = new_email(), settings.EMAIL_BACKEND
    with socket.socket() as closed:
        # Bound and not listening: nobody else gets the port, and nobody answers.
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = closed.getsockname()
        for _ in range(12):
            with platform_context(), pytest.raises(OSError):
                send_moved_mail(email)
    settings.EMAIL_BACKEND = backend
    with platform_context():
        for _ in range(12):
            send_moved_mail(email)
    assert mailed_to(email) == 10


def invitation(tenant: TenantRef, email: str) -> UUID:
    with platform_context():
        return Invitation.objects.create(
            tenant_id=tenant.id,
            email=email,
            role="agent",
            digest=uuid4().hex,
            expires_at=timezone.now() + timedelta(days=1),
        ).pk


def test_a_workspace_that_mails_somebody_too_often_silences_no_other_and_keeps_its_last_link(
    make_tenant: Callable[[], TenantRef],
) -> None:
    email, noisy, other = new_email(), make_tenant(), make_tenant()
    made = invitation(noisy, email)
    with platform_context():
        for _ in range(12):
            send_invitation_mail(str(made), BASE)
    assert mailed_to(email) == 10
    raw = path_in(str(mail.outbox[-1].body), "invitations").rpartition("/")[2]
    assert read_invitation(raw=raw, tenant_id=noisy.id).is_proof
    with platform_context():
        send_invitation_mail(str(invitation(other, email)), BASE)
    assert mailed_to(email) == 11


def test_all_senders_together_have_a_bound_too() -> None:
    email, told = new_email(), []
    for number in range(35):
        with mails_counted("known", sender=str(number), to=email.upper()) as allowed:
            told.append(allowed)
    assert told == [True] * 30 + [False] * 5
    # What is refused by one of both bounds is counted by none of them.
    with suppress(RuntimeError), mails_counted("other", sender="a", to=email):
        raise RuntimeError
    with mails_counted("other", sender="a", to=email) as allowed:
        assert allowed
