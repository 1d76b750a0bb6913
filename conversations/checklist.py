"""How far a workspace is set up (in the tenant's context)."""

from dataclasses import dataclass

from django.db import connection

from tenants.context import current_tenant_id, platform_context
from tenants.models import Domain, Membership

# What was asked on a page of another host was asked by an installed widget.
_STEPS = """
SELECT EXISTS (SELECT FROM knowledge_document WHERE published_at IS NOT NULL),
    EXISTS (SELECT FROM conversations_message),
    EXISTS (SELECT FROM conversations_sighting
        WHERE substring(origin FROM '^https?://([^:/]+)') <> ALL (%s))
"""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Which steps are done, in the order in which they make sense."""

    document: bool
    question: bool
    installed: bool
    invited: bool

    @property
    def is_done(self) -> bool:
        return self.document and self.question and self.installed and self.invited


def read_checklist() -> Checklist:
    """In three queries."""
    tenant_id = current_tenant_id()
    with platform_context():
        hosts = list(Domain.objects.filter(tenant_id=tenant_id).values_list("domain", flat=True))
        members = Membership.objects.filter(tenant_id=tenant_id).count()
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [hosts])
        document, question, installed = cursor.fetchone()
    return Checklist(document, question, installed, members > 1)
