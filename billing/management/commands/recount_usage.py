"""Make the shared sum of usage anew from the usage records of every workspace."""

from typing import Any

from django.core.management.base import BaseCommand

from billing.days import recount
from tenants.context import platform_context
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Adds up the usage records of every workspace anew; may run beside turns."

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_context():
            tenants = list(Tenant.objects.alive().values_list("pk", flat=True))
        days = sum(recount(tenant_id) for tenant_id in tenants)
        self.stdout.write(f"{len(tenants)} workspaces, {days} days and models")
