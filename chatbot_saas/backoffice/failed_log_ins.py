"""Log-ins to the admin that failed, in its history of the operator's account. Written by a worker, so
that how long the page takes tells nobody who is an operator."""

import logging

from celery import shared_task
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from kombu.exceptions import OperationalError

from tenants.models import User
from tenants.work.tasks import PlatformTask
from tenants.workspace.caller import caller_address

log = logging.getLogger(__name__)
# After a day the history is better without it than with a wrong time.
_EXPIRES_SECONDS = 86_400


def report_failed_log_in(*, email: str, wrong: str) -> None:
    """Have it written, if the address is an operator's. `wrong` is what was not right, and never its
    value. Nobody is refused for the history's sake."""
    arguments = (email, wrong, caller_address())
    try:
        record_failed_log_in.apply_async(arguments, retry=False, expires=_EXPIRES_SECONDS)
    except OperationalError:
        log.warning("a failed log-in is missing in the admin's history: the broker is away")


@shared_task(base=PlatformTask, name="backoffice.record_failed_log_in", ignore_result=True)
def record_failed_log_in(email: str, wrong: str, address: str) -> bool:
    """Returns whether it was an operator's."""
    operator = User.objects.with_email(email).filter(is_staff=True).first()
    if operator is None:
        return False
    told = f"A log-in failed: wrong {wrong}, from {address or 'an unknown address'}."
    LogEntry.objects.create(
        user=operator,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(operator.pk),
        object_repr=operator.email[:200],
        action_flag=CHANGE,
        change_message=told,
    )
    return True
