"""The second wall: what the database itself refuses to the web's own login."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from billing.models import Hold
from tenants.context import platform_context, tenant_context
from tenants.names import schema_name
from tenants.schemas.provisioning import TenantRef


@pytest.fixture
def login() -> Iterator[psycopg.Connection]:
    """A bare connection with the web's URL: no wrapper of ours in between."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as bare:
        yield bare


def test_the_web_login_is_no_superuser_owns_nothing_and_cannot_become_the_owner(
    login: psycopg.Connection,
) -> None:
    facts = login.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, "
        "(SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid), "
        "(SELECT count(*) FROM pg_namespace WHERE nspowner = pg_roles.oid) "
        "FROM pg_roles WHERE rolname = session_user"
    ).fetchone()
    assert facts == (False, False, False, False, False, 0, 0)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.execute('SET ROLE "chatbot_saas.owner"')


def test_the_web_login_without_a_role_reads_nothing(
    login: psycopg.Connection, tenant: TenantRef
) -> None:
    for table in ("public.tenants_user", f"{schema_name(tenant.id)}.billing_hold"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            login.execute(f"SELECT * FROM {table}")
        assert refused.value.sqlstate == "42501"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.billing_hold",
        "INSERT INTO {other}.billing_hold (turn_id, starts_on, cost, created_at) "
        "VALUES (gen_random_uuid(), now(), 1, now())",
        "DELETE FROM {other}.billing_hold",
        "SELECT * FROM public.tenants_user",
        "SELECT * FROM public.tenants_apikey",
        "SELECT public.provision_tenant('t_aaaaaaaaaaaaaaaa')",
        "SELECT set_config('role', 'none', false)",
        "CREATE TABLE {own}.mine ()",
        "DELETE FROM {own}.billing_usagerecord",
        "UPDATE {own}.workspace_auditevent SET action = ''",
        "SELECT * FROM {own}.django_migrations",
    ],
)
def test_inside_a_tenant_sql_that_reaches_out_is_refused(
    statement: str, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    sql = statement.format(other=schema_name(other_tenant.id), own=schema_name(tenant.id))
    with tenant_context(tenant.id), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError) as refused:
            cursor.execute(sql)
    assert getattr(refused.value.__cause__, "sqlstate", None) == "42501"


def test_what_stays_open_is_known_stacked_statements_can_change_the_role(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    """The walls stop our mistakes, not someone who can run any SQL: then parameters are the wall."""
    from tenants.names import quote, role_name

    role = quote(role_name(settings.DATABASES["default"]["NAME"], schema_name(other_tenant.id)))
    with tenant_context(tenant.id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL ROLE {role}; SELECT count(*) FROM {schema_name(other_tenant.id)}.billing_hold"
        )
        # The answers of both statements wait; the second one read a foreign table.
        assert cursor.nextset()
        assert cursor.fetchone() == (0,)


def test_the_scope_survives_rollbacks_savepoints_and_failed_commits(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    def here() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), current_user")
            schema, role = cursor.fetchone()
        assert role.endswith(schema) or schema == "public"
        return str(schema)

    for context, schema in (
        (tenant_context(tenant.id), schema_name(tenant.id)),
        (platform_context(), "public"),
        (tenant_context(other_tenant.id), schema_name(other_tenant.id)),
    ):
        with context:
            assert here() == schema
            with pytest.raises(RuntimeError), transaction.atomic():
                with platform_context():
                    assert here() == "public"
                raise RuntimeError
            assert here() == schema
            with transaction.atomic():
                with pytest.raises(ProgrammingError), transaction.atomic():
                    with tenant_context(other_tenant.id):
                        here()
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT * FROM nowhere")
                assert here() == schema
            assert here() == schema


@pytest.mark.parametrize("undo", ["rollback", "savepoint", "failed commit"])
def test_a_scope_that_was_set_inside_a_transaction_is_not_believed_after_its_end(
    undo: str, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    """What a rollback silently undoes would otherwise be another tenant's data, and no error."""

    def schema_in(scope_of: TenantRef) -> str:
        with tenant_context(scope_of.id), connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            return str(cursor.fetchone()[0])

    def switch_and_fail(savepoint: bool) -> None:
        with pytest.raises(RuntimeError), transaction.atomic(savepoint=savepoint):
            assert schema_in(other_tenant) == schema_name(other_tenant.id)
            raise RuntimeError

    with tenant_context(tenant.id):
        if undo == "rollback":
            switch_and_fail(savepoint=True)
        elif undo == "savepoint":
            with transaction.atomic():
                schema_in(tenant)
                switch_and_fail(savepoint=True)
                assert schema_in(other_tenant) == schema_name(other_tenant.id)
        else:
            connection.set_autocommit(False)
            schema_in(other_tenant)
            with pytest.raises(ProgrammingError), connection.cursor() as cursor:
                cursor.execute("SELECT * FROM nowhere")
            connection.commit()
            connection.set_autocommit(True)
        assert schema_in(other_tenant) == schema_name(other_tenant.id)
        assert schema_in(tenant) == schema_name(tenant.id)


def test_no_foreign_key_crosses_the_schema_boundary(tenant: TenantRef) -> None:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint "
            "JOIN pg_class a ON a.oid = conrelid JOIN pg_class b ON b.oid = confrelid "
            "WHERE contype = 'f' AND a.relnamespace <> b.relnamespace"
        )
        assert cursor.fetchall() == []


def test_a_table_missing_in_a_tenant_is_an_error_not_the_shared_one(tenant: TenantRef) -> None:
    from tenants.models import User

    with tenant_context(tenant.id), pytest.raises(ProgrammingError):
        User.objects.count()
    with tenant_context(tenant.id):
        assert Hold.objects.count() == 0
