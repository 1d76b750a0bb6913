"""Mail to people. Sent by a worker, so that how long a page takes tells nobody who has an account."""

from celery import shared_task
from django.core.mail import send_mail
from django.template.loader import render_to_string
from kombu.exceptions import OperationalError

from core.errors import Unavailable
from tenants.people.accounts import find_account, make_reset_link
from tenants.work.tasks import PlatformTask


def ask_for_reset_mail(email: str, base_url: str) -> None:
    """Have the mail sent, if there is such an account. Raises `Unavailable` when it cannot be."""
    try:
        # After an hour nobody waits for it, and the person has asked again.
        send_reset_mail.apply_async((email, base_url), retry=False, expires=3600)
    except OperationalError as error:
        raise Unavailable("No mail can be sent at the moment.", retry_after=30) from error


@shared_task(
    base=PlatformTask,
    name="tenants.send_reset_mail",
    ignore_result=True,
    autoretry_for=(OSError,),
    retry_backoff=True,
    max_retries=5,
)
def send_reset_mail(email: str, base_url: str) -> bool:
    """The token is made here and is in the mail alone. Returns whether there was an account."""
    user = find_account(email)
    # Silently: the page has said the same to everybody.
    if user is None or not user.is_active:
        return False
    link = make_reset_link(user)
    url = f"{base_url}/password/reset/{link.account}/{link.token}"
    text = render_to_string("tenants/mail/reset.txt", {"user": user, "url": url})
    send_mail("Set a new password", text, None, [user.email])
    return True
