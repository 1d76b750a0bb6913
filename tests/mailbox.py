"""Mail as its reader finds it: what a worker wrote into files, and what the tests' own process sent."""

import os
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

from django.core import mail

from tenants.context import platform_context
from tenants.models import User
from tenants.people.mail import send_confirmation_mail, send_invitation_mail, send_reset_mail
from tests.eventually import eventually

BASE = "http://localhost"
# The worker that takes a mail may have large files of other tests to read before.
_PATIENCE = 180.0


def mails_to(address: str) -> list[EmailMessage]:
    """Those that a worker has written so far, oldest first."""
    folder = Path(os.environ["VAR_DIR"]) / "mail"
    found = []
    for path in sorted(folder.glob("*.log"), key=lambda each: each.stat().st_mtime_ns):
        read = message_from_bytes(path.read_bytes(), policy=policy.default)
        if read["To"] == address:
            found.append(read)
    return found


def wait_for_mail(address: str, number: int = 1) -> EmailMessage:
    """The mail of that number to an address, once a worker has written it."""
    return eventually(lambda: mails_to(address)[number - 1 : number], within=_PATIENCE)[0]


def text_of(message: EmailMessage) -> str:
    return str(message.get_content())


def path_in(text: str, kind: str = "confirm") -> str:
    """The path of the link whose path begins so."""
    found = re.search(rf"https?://[^/\s]+(/{kind}/\S+)", text)
    assert found is not None, text
    return found[1]


def newest_account(email: str) -> User:
    """Whether it has proved the address or not."""
    with platform_context():
        return User.objects.filter(email=email.lower()).latest("created_at")


def confirmation_path(user: User, email: str = "") -> str:
    """The link that a worker would have mailed."""
    with platform_context():
        assert send_confirmation_mail(str(user.pk), BASE, email) is True
    return path_in(str(mail.outbox[-1].body))


def reset_path(email: str) -> str:
    with platform_context():
        assert send_reset_mail(email, BASE) is True
    return path_in(str(mail.outbox[-1].body), "password/reset")


def invitation_path(invitation_id: UUID) -> str:
    with platform_context():
        assert send_invitation_mail(str(invitation_id), BASE) is True
    return path_in(str(mail.outbox[-1].body), "invitations")
