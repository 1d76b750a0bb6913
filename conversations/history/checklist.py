"""How far a workspace is set up (in the tenant's context)."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from tenants.context import current_tenant_id, platform_context
from tenants.models import Domain

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
    """In two queries."""
    tenant_id = current_tenant_id()
    with platform_context():
        # Who is invited and has not come yet counts: the step is the workspace's, not theirs.
        people = Count("tenant__memberships", distinct=True) + Count(
            "tenant__invitations", distinct=True
        )
        domains = Domain.objects.filter(tenant_id=tenant_id).annotate(people=people)
        found = dict(domains.values_list("domain", "people"))
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, [list(found)])
        document, question, installed = cursor.fetchone()
    return Checklist(document, question, installed, max(found.values(), default=0) > 1)
