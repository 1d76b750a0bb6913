"""A platform with many workspaces in its lists: rows of the shared tables alone, made in one go."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.utils import timezone

from billing.catalog.models import Plan, QuotaOverride, Subscription, TenantUsageDay
from billing.costs import this_month
from core.ids import new_id
from tenants.context import platform_context
from tenants.models import APIKey, Domain, Membership, Tenant, User, WorkTicket
from tenants.names import schema_name

COUNT = 500
MODELS = ("gpt-5", "gpt-5-mini", "gpt-5-nano")
LONG = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KG"
)
# What no page of the admin may show; see `test_secrets`.
SECRETS = ("digest-that-nobody-sees", "cb_pk_live_plain-that-nobody-sees")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Ids to look at."""

    busiest: UUID
    user: UUID
    key: UUID
    ticket: UUID
    override: UUID


def make_fleet(count: int = COUNT) -> Fleet:
    """So many workspaces without a schema, the first the busiest. Said to be erased: other tests, which
    share the database, look into every workspace that is not."""
    mark = uuid4().hex[:8]
    with platform_context():
        tenants = [_tenant(mark, number) for number in range(count)]
        Tenant.objects.bulk_create(tenants)
        Domain.objects.bulk_create(
            Domain(domain=f"{each.slug}.localhost", tenant=each) for each in tenants
        )
        people = [
            User(email=f"{each.slug}@example.org", name=LONG, password="!") for each in tenants
        ]
        User.objects.bulk_create(people)
        Membership.objects.bulk_create(
            Membership(user=person, tenant=each, role="owner")
            for person, each in zip(people, tenants, strict=True)
        )
        team = Plan.objects.get(pk="team")
        Subscription.objects.bulk_create(
            Subscription(tenant=each, plan=team) for each in tenants[::2]
        )
        keys = [_key(each) for each in tenants]
        APIKey.objects.bulk_create(keys)
        tickets = [_ticket(each, number) for number, each in enumerate(tenants)]
        WorkTicket.objects.bulk_create(tickets)
        TenantUsageDay.objects.bulk_create(_days(tenants))
        override = QuotaOverride.objects.create(
            tenant=tenants[0],
            messages_per_month=90_000,
            reason=LONG,
            created_by="operator@example.org",
            expires_at=timezone.now() + timedelta(days=9),
        )
    return Fleet(tenants[0].pk, people[0].pk, keys[0].pk, tickets[0].pk, override.pk)


def _tenant(mark: str, number: int) -> Tenant:
    tenant_id = new_id()
    return Tenant(
        pk=tenant_id,
        schema_name=schema_name(tenant_id),
        slug=f"f{mark}-{number:04}",
        name=f"{LONG} {number}",
        status="erasing",
    )


def _key(tenant: Tenant) -> APIKey:
    return APIKey(
        tenant=tenant,
        kind="publishable",
        digest=f"{SECRETS[0]}-{tenant.slug}",
        hint="cb_pk_live_…abcd",
        plain=SECRETS[1],
        chatbot_id=new_id(),
        scopes=["chat"],
    )


def _ticket(tenant: Tenant, number: int) -> WorkTicket:
    return WorkTicket(
        tenant=tenant,
        kind="fleet_work",
        payload={"document_id": str(new_id())},
        status=("failed", "waiting", "done")[number % 3],
        due_at=timezone.now(),
        error="ParserLost('the parser took too long')" if number % 3 == 0 else "",
    )


def _days(tenants: list[Tenant]) -> list[TenantUsageDay]:
    return [
        TenantUsageDay(
            tenant=each,
            day=this_month() - timedelta(days=32 * back),
            model=model,
            turns=400 - number % 300,
            tokens_in=80_000,
            tokens_out=9_000,
            cost=Decimal(number % 7 + 1) / 3,
        )
        for number, each in enumerate(tenants)
        for model in MODELS
        for back in (0, 1)
    ]
