"""A workspace as its rows say it: what has to be the same before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from tenants.backend.login import open_migration_connection
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.names import quote, schema_name

# What a copy has of its own: seals are bound to their place, its pages stand at another host.
OWN = {"identity_secrets", "allowed_origins"}
Rows = dict[str, list[str]]


def rows_of(tenant_id: UUID) -> Rows:
    """Table → its rows as JSON, sorted, in the workspace's own schema."""
    schema = schema_name(tenant_id)
    found: Rows = {}
    with open_migration_connection() as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) "
            "AND relkind = 'r' AND relname <> 'django_migrations'",
            [schema],
        ).fetchall()
        for (table,) in tables:
            rows = owner.execute(
                f"SELECT (to_jsonb(found) - %s::text[])::text FROM {quote(schema)}.{quote(table)} "
                "AS found",
                [list(OWN)],
            )
            found[table] = sorted(row[0] for row in rows)
    return found


def lost(before: Rows, after: Rows) -> set[str]:
    """The tables whose rows are not the same; that it was restored stands in the trail of one."""
    return {
        table
        for table, rows in before.items()
        if [row for row in after.get(table, []) if "tenant.restored" not in row] != rows
    }


def tenant_at(slug: str) -> UUID:
    with platform_context():
        found: UUID = Tenant.objects.get(slug=slug).pk
    return found


@contextmanager
def as_tenant(slug: str) -> Iterator[UUID]:
    tenant_id = tenant_at(slug)
    with tenant_context(tenant_id):
        yield tenant_id
