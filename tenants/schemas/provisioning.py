"""Making and removing a tenant's schema and role.

A new schema is a replay of a dumped template, by a function of the database that runs with its
owner's rights and takes nothing but a schema name of our form. So the web holds no privileged
login, and a sign-up that fails rolls back whole: neither role nor schema remains.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from core.errors import Conflict, InvalidRequest
from core.ids import new_id
from core.names import check_name
from tenants.context import platform_context
from tenants.models import Domain, Tenant
from tenants.names import schema_name
from tenants.notices import Notice, Subject, send_after_commit

RESERVED_SLUGS = frozenset(
    "admin api app assets auth billing blog cdn chat dashboard demo-shop docs health help host "
    "internal localhost login mail media metrics operator ops platform public root signup static "
    "status support system template test widget ws www".split()
)
LONGEST_SLUG = 39
_SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,38}")


@dataclass(frozen=True, slots=True)
class TenantRef:
    """A tenant as values: what outlives the context it was read in."""

    id: UUID
    slug: str
    host: str
    name: str


def check_slug(slug: str) -> None:
    """Raises `InvalidRequest` with what a slug may be, or that this one is reserved."""
    if not _SLUG.fullmatch(slug):
        raise InvalidRequest(
            "A workspace address has 2 to 39 lower-case letters, digits and single hyphens, and "
            "starts with a letter.",
            param="slug",
        )
    if slug in RESERVED_SLUGS:
        raise InvalidRequest(f"The address “{slug}” is reserved. Choose another.", param="slug")


def create_tenant(*, slug: str, name: str) -> TenantRef:
    """A tenant with its domain, role, schema and tables, in one transaction (the caller's, if open).

    Raises `InvalidRequest` for a slug or a name that may not be had and `Conflict` for a slug that is
    taken.
    """
    check_slug(slug)
    check_name(name, param="workspace")
    tenant_id = new_id()
    host = f"{slug}.{settings.TENANT_HOST_SUFFIX}"
    # It follows from the id, so that no look-up can ever lead to another tenant's.
    schema = schema_name(tenant_id)
    try:
        with platform_context(), transaction.atomic():
            tenant = Tenant(id=tenant_id, slug=slug, name=name, schema_name=schema)
            tenant.save(force_insert=True)
            Domain.objects.create(domain=host, tenant=tenant, is_primary=True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT public.provision_tenant(%s)", [schema])
    except IntegrityError as error:
        raise slug_taken(slug) from error
    return TenantRef(tenant_id, slug, host, name)


def is_slug_taken(slug: str) -> bool:
    with platform_context():
        return Tenant.objects.filter(slug=slug).exists()


def slug_taken(slug: str) -> Conflict:
    """The refusal of a taken slug, with one that is free."""
    numbered = [f"{slug[: LONGEST_SLUG - 2].rstrip('-')}-{n}" for n in range(2, 10)]
    with platform_context():
        taken = set(Tenant.objects.filter(slug__in=numbered).values_list("slug", flat=True))
    free = next((each for each in numbered if each not in taken), None)
    advice = f"“{free}” is free." if free else "Choose another."
    return Conflict(f"The address “{slug}” is taken. {advice}", param="slug")


def drop_tenant(tenant_id: UUID) -> None:
    """Remove a tenant, its schema and its role. Its rows in shared tables go with it."""
    with platform_context(), transaction.atomic():
        Tenant.objects.filter(pk=tenant_id).update(status=Tenant.Status.ERASING)
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.drop_tenant(%s)", [schema_name(tenant_id)])
        # The queryset's delete: the model's own would drop the schema with rights we do not have.
        Tenant.objects.filter(pk=tenant_id).delete()
        send_after_commit([Notice(tenant_id, Subject.WORKSPACE, tenant_id)])
