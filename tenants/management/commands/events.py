"""How the delivery of events stands, and sending them again."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.outbox import resending
from tenants.outbox.upkeep import KEPT_DELIVERED, read_outbox
from tenants.outbox.writing import is_on

_MOST_HOURS = int(KEPT_DELIVERED.total_seconds() // 3600)


class Command(BaseCommand):
    help = "Shows the events that wait for their sink, or sends events again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["status", "resend"])
        parser.add_argument("--workspace", metavar="SLUG", help="this one alone")
        parser.add_argument(
            "--delivered-within",
            type=int,
            metavar="HOURS",
            help=f"also what has arrived, of so many hours, at most {_MOST_HOURS}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("EVENT_SINK_URL is not set: no events are written.")
        hours = options["delivered_within"]
        if hours is not None and not 0 < hours <= _MOST_HOURS:
            raise CommandError(f"--delivered-within is from 1 to {_MOST_HOURS} hours.")
        total = 0
        for slug, tenant_id in _chosen(options["workspace"]):
            with tenant_context(tenant_id):
                if options["what"] == "status":
                    self._show(slug)
                else:
                    total += _resend(hours)
        if options["what"] == "resend":
            self.stdout.write(f"{total} events will be sent again.")

    def _show(self, slug: str) -> None:
        outbox = read_outbox()
        if outbox.waiting or outbox.set_aside:
            self.stdout.write(
                f"{slug}: {outbox.waiting} wait, the oldest for {outbox.age_seconds:.0f} seconds; "
                f"{outbox.set_aside} set aside"
            )


def _chosen(slug: str | None) -> list[tuple[str, Any]]:
    with platform_context():
        found = Tenant.objects.alive().order_by("slug")
        if slug is not None:
            found = found.filter(slug=slug)
        chosen = list(found.values_list("slug", "id"))
    if slug is not None and not chosen:
        raise CommandError(f"There is no workspace {slug}.")
    return chosen


def _resend(hours: int | None) -> int:
    sent = resending.resend_set_aside()
    if hours is not None:
        sent += resending.resend_delivered(timedelta(hours=hours))
    return sent
