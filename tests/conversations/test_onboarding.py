"""A new workspace is whole or not there at all."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, connection

from conversations.chatbots.onboarding import create_workspace
from conversations.models import Chatbot
from core.errors import Conflict, InvalidRequest
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import authenticate
from tenants.models import Tenant
from tenants.names import schema_name


def slug() -> str:
    return f"w{uuid4().hex[:16]}"


def test_the_command_prints_what_is_needed_to_begin() -> None:
    name, out = slug(), StringIO()
    call_command("create_tenant", name, "--json", "--origin", "https://a.example", stdout=out)
    values = json.loads(out.getvalue())
    assert set(values) == {"tenant_id", "host", "secret_key", "publishable_key", "chatbot_id"}
    assert values["host"] == f"{name}.localhost"
    key = authenticate(values["publishable_key"])
    assert (str(key.tenant_id), str(key.chatbot_id)) == (values["tenant_id"], values["chatbot_id"])
    assert authenticate(values["secret_key"]).kind == "secret"
    with tenant_context(key.tenant_id):
        allowed = Chatbot.objects.get().allowed_origins
    assert allowed == [
        f"https://{values['host']}",
        f"http://{values['host']}:8000",
        "https://a.example",
    ]


def test_without_json_it_prints_lines() -> None:
    out = StringIO()
    call_command("create_tenant", slug(), stdout=out)
    assert "secret_key: cb_sk_live_" in out.getvalue()


def test_a_slug_that_is_taken_reserved_or_malformed_is_refused() -> None:
    taken = slug()
    create_workspace(slug=taken, name="First")
    for bad, word in (
        (taken, "taken"),
        ("admin", "reserved"),
        ("A B", "letters"),
        ("x--y", "hyphen"),
    ):
        with pytest.raises(CommandError, match=word):
            call_command("create_tenant", bad, "--json")
    with pytest.raises(Conflict):
        create_workspace(slug=taken, name="Second")


def test_an_origin_that_no_page_has_is_refused_before_anything_is_made() -> None:
    name = slug()
    with pytest.raises(InvalidRequest):
        create_workspace(slug=name, name="x", origins=["https://a.example/path"])
    with platform_context():
        assert not Tenant.objects.filter(slug=name).exists()


def test_a_workspace_that_fails_at_the_end_leaves_nothing() -> None:
    """The chatbot's name does not fit its column: the last steps fail, the first ones are undone."""
    name = slug()
    with platform_context():
        before = orphans()
    with pytest.raises(DataError):
        create_workspace(slug=name, name="x", chatbot_name="x" * 121)
    with platform_context():
        assert not Tenant.objects.filter(slug=name).exists()
        assert orphans() == before


def orphans() -> int:
    """Schemas with a role and without a tenant: the template is the only one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_namespace n JOIN pg_roles r "
            "ON r.rolname = current_database() || '.' || n.nspname "
            "WHERE n.nspname NOT IN (SELECT schema_name FROM tenants_tenant) AND n.nspname LIKE 't\\_%'"
        )
        return int(cursor.fetchone()[0])


def test_a_schema_is_named_after_the_tenants_id() -> None:
    workspace = create_workspace(slug=slug(), name="x")
    with platform_context():
        tenant = Tenant.objects.get(pk=workspace.tenant.id)
    assert tenant.schema_name == schema_name(workspace.tenant.id)
