"""What is over leaves the database: sessions, entry tickets and tokens past their time."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from tenants.models import EntryTicket
from tenants.work.tasks import PlatformTask


@shared_task(base=PlatformTask, name="tenants.remove_expired", ignore_result=True)
def remove_expired() -> int:
    """Returns how many rows are gone."""
    now = timezone.now()
    # None of these lets anybody in any more; they are only rows.
    over = (
        Session.objects.filter(expire_date__lt=now),
        EntryTicket.objects.filter(expires_at__lt=now),
        OutstandingToken.objects.filter(expires_at__lt=now),
    )
    return sum(rows.delete()[0] for rows in over)
