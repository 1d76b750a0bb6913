"""Migrating the fleet: who is behind is known at once, and a killed run goes on where it stopped."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.conf import settings

from tenants.names import quote, schema_name
from tenants.schemas.provisioning import TenantRef
from tests.live import ROOT


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """The migration login: what an operator has, and the web has not."""
    with psycopg.connect(settings.MIGRATION_DATABASE_URL, autocommit=True) as connection:
        yield connection


def forget_a_migration(owner: psycopg.Connection, tenant: TenantRef) -> None:
    """As if the tenant's schema came from the release before."""
    schema = quote(schema_name(tenant.id))
    for table in ("auditevent", "outboxevent", "outboxkey"):
        owner.execute(f"DROP TABLE {schema}.workspace_{table}")
    owner.execute(f"DELETE FROM {schema}.django_migrations WHERE app = 'workspace'")


def migrate() -> str:
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate_tenants"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_only_tenants_that_are_behind_are_migrated_and_hardened_again(
    owner: psycopg.Connection, make_tenant: Callable[[], TenantRef]
) -> None:
    behind = [make_tenant() for _ in range(2)]
    for tenant in behind:
        forget_a_migration(owner, tenant)
    assert "workspaces: 2 migrated, all at head" in migrate()
    assert "workspaces: 0 migrated, all at head" in migrate()
    for tenant in behind:
        assert may_add_and_change(owner, tenant, "workspace_auditevent") == (True, False)
        assert may_add_and_change(owner, tenant, "workspace_outboxevent") == (True, True)


def may_add_and_change(
    owner: psycopg.Connection, tenant: TenantRef, table: str
) -> tuple[bool, bool]:
    """What the tenant's role may do with rows of a table of its schema."""
    schema = schema_name(tenant.id)
    rights = owner.execute(
        "SELECT has_table_privilege(%s, %s, 'INSERT'), has_table_privilege(%s, %s, 'UPDATE')",
        [f"chatbot_saas.{schema}", f"{schema}.{table}"] * 2,
    ).fetchone()
    assert rights is not None
    return bool(rights[0]), bool(rights[1])


def test_every_tenant_table_exists_in_a_new_tenant(
    owner: psycopg.Connection, tenant: TenantRef
) -> None:
    def tables(schema: str) -> set[tuple[str, str, str]]:
        return set(
            owner.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns "
                "WHERE table_schema = %s",
                [schema],
            ).fetchall()
        )

    template = tables(settings.TEMPLATE_SCHEMA)
    assert len(template) > 50
    assert tables(schema_name(tenant.id)) == template
