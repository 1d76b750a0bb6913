"""Tenants come whole, quickly and under names that are ours."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from core.errors import Conflict, InvalidRequest
from tenants.context import platform_context, tenant_context
from tenants.models import Domain, Tenant
from tenants.names import is_schema_name, role_name, schema_name, tenant_id_of
from tenants.schemas.provisioning import TenantRef, create_tenant, drop_tenant
from tenants.workspace.models import AuditEvent


def traces_of(schema: str) -> int:
    """How many schemas and roles bear the name."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %s) + "
            "(SELECT count(*) FROM pg_roles WHERE rolname = %s)",
            [schema, role_name(connection.settings_dict["NAME"], schema)],
        )
        return int(cursor.fetchone()[0])


def test_a_schema_name_follows_from_the_id_and_back(tenant: TenantRef) -> None:
    schema = schema_name(tenant.id)
    assert is_schema_name(schema)
    assert tenant_id_of(schema) == tenant.id
    with platform_context():
        assert Tenant.objects.get(pk=tenant.id).schema_name == schema


def test_a_new_tenant_can_write_at_once() -> None:
    made = create_tenant(slug=f"q{uuid4().hex[:12]}", name="Quick")
    with tenant_context(made.id):
        AuditEvent.objects.create(action="hello", actor="test")
        assert AuditEvent.objects.filter(action="hello").count() == 1


def test_a_sign_up_that_fails_leaves_neither_role_nor_schema_nor_row() -> None:
    slug = f"f{uuid4().hex[:12]}"
    with pytest.raises(RuntimeError), platform_context(), transaction.atomic():
        made = create_tenant(slug=slug, name="Fails")
        with tenant_context(made.id):
            AuditEvent.objects.create(action="hello", actor="test")
        raise RuntimeError
    assert traces_of(schema_name(made.id)) == 0
    with platform_context():
        assert not Tenant.objects.filter(slug=slug).exists()
        assert not Domain.objects.filter(domain=made.host).exists()


def test_a_dropped_tenant_leaves_nothing(make_tenant: Callable[[], TenantRef]) -> None:
    made = make_tenant()
    assert traces_of(schema_name(made.id)) == 2
    drop_tenant(made.id)
    assert traces_of(schema_name(made.id)) == 0
    with tenant_context(made.id), pytest.raises(DatabaseError):
        AuditEvent.objects.count()


def test_the_database_drops_no_tenant_that_is_not_being_erased(tenant: TenantRef) -> None:
    with platform_context(), pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT public.drop_tenant(%s)", [schema_name(tenant.id)])
    assert traces_of(schema_name(tenant.id)) == 2


@pytest.mark.parametrize(
    "name", ["public", "ext", "t_'; DROP TABLE x; --", "t_short", "T_AAAAAAAAAAAAAAAA", "pg_temp"]
)
def test_the_database_makes_no_schema_of_another_form(name: str) -> None:
    with platform_context(), pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT public.provision_tenant(%s)", [name])


@pytest.mark.parametrize("slug", ["", "a", "A-b", "1abc", "a--b", "a-", "ä-firm", "x" * 41, "a.b"])
def test_a_slug_of_another_form_is_refused(slug: str) -> None:
    with pytest.raises(InvalidRequest):
        create_tenant(slug=slug, name="x")


def test_a_reserved_slug_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="reserved"):
        create_tenant(slug="admin", name="x")


def test_a_taken_slug_is_a_conflict_and_changes_nothing(tenant: TenantRef) -> None:
    with platform_context():
        before = Tenant.objects.count()
    with pytest.raises(Conflict):
        create_tenant(slug=tenant.slug, name="Thief")
    with platform_context():
        assert Tenant.objects.count() == before
        assert Tenant.objects.get(slug=tenant.slug).name == tenant.name


def test_the_ledgers_of_a_new_tenant_are_append_only(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        AuditEvent.objects.create(action="hello", actor="test")
        with pytest.raises(DatabaseError):
            AuditEvent.objects.update(action="forged")
        with pytest.raises(DatabaseError):
            AuditEvent.objects.all()._raw_delete("default")
        assert list(AuditEvent.objects.values_list("action", flat=True)) == ["hello"]
