"""What was written before the trail said who is told with names, and keys find their makers in it."""

from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings

from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import APIKey, Invitation
from tenants.names import quote, schema_name
from tenants.people.memberships import add_member
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.pages import make_member, make_person
from tests.tenants.test_fleet import migrate

COLUMNS = ("actor_kind", "actor_name", "actor_address", "ip", "target_name")


def go_back(tenant: TenantRef, *events: tuple[str, str, str]) -> None:
    """The trail as the release before had it, with these events (action, actor, target)."""
    schema = quote(schema_name(tenant.id))
    with psycopg.connect(settings.MIGRATION_DATABASE_URL, autocommit=True) as owner:
        owner.execute(f"DELETE FROM {schema}.workspace_auditevent")
        owner.execute(f"DROP INDEX {schema}.audit_by_actor")
        for column in COLUMNS:
            owner.execute(f"ALTER TABLE {schema}.workspace_auditevent DROP COLUMN {column}")
        for action, actor, target in events:
            owner.execute(
                f"INSERT INTO {schema}.workspace_auditevent "
                "(id, action, actor, target, data, created_at) VALUES (%s, %s, %s, %s, '{}', now())",
                [uuid4(), action, actor, target],
            )
        for table in ("outboxevent", "outboxkey"):
            owner.execute(f"DROP TABLE {schema}.workspace_{table}")
        owner.execute(
            f"DELETE FROM {schema}.django_migrations WHERE app = 'workspace' AND name > '0002'"
        )


def anonymous_key(tenant: TenantRef, name: str) -> UUID:
    return api_keys.issue_secret_key(tenant_id=tenant.id, name=name).key.id


@pytest.mark.usefixtures("database_open")
def test_old_events_are_told_with_names(tenant: TenantRef, other_tenant: TenantRef) -> None:
    person, gone = make_member(tenant), str(uuid4())
    joined = make_person("Kim Newcomer")
    add_member(tenant_id=tenant.id, user_id=joined.id, role="viewer")
    first, second, foreign = (
        anonymous_key(tenant, "First"),
        anonymous_key(tenant, "Second"),
        anonymous_key(other_tenant, "Foreign"),
    )
    with platform_context():
        invitation = Invitation.objects.create(
            tenant_id=tenant.id,
            email="a@example.org",
            role="viewer",
            digest=uuid4().hex,
            expires_at="2030-01-01T00:00Z",
        )
    go_back(
        tenant,
        ("key.created", str(person.id), str(first)),
        ("key.created", str(first), str(second)),
        ("member.invited", str(person.id), str(invitation.pk)),
        ("member.joined", str(joined.id), str(joined.id)),
        ("chatbot.created", "system", "made-up"),
        ("document.deleted", gone, str(uuid4())),
    )
    assert "workspaces: 1 migrated, all at head" in migrate()
    with tenant_context(tenant.id):
        found = AuditEvent.objects.values_list("action", *COLUMNS)
        told = {(row[0], row[2]): row[1:] for row in found}
    assert told == {
        ("key.created", "Robin Tester"): ("member", "Robin Tester", person.email, "", "First"),
        ("key.created", "First"): ("key", "First", told["key.created", "First"][2], "", "Second"),
        ("member.invited", "Robin Tester"): (
            *("member", "Robin Tester", person.email, ""),
            "a@example.org",
        ),
        ("member.joined", "Kim Newcomer"): (
            *("member", "Kim Newcomer", joined.email, ""),
            "Kim Newcomer",
        ),
        ("chatbot.created", ""): ("platform", "", "", "", ""),
        ("document.deleted", ""): ("", "", "", "", ""),
    }
    with platform_context():
        makers = dict(APIKey.objects.values_list("pk", "maker_id"))
        tools = dict(APIKey.objects.values_list("pk", "made_with_id"))
    assert [makers[first], makers[second], makers[foreign]] == [person.id, person.id, None]
    assert [tools[first], tools[second]] == [None, first]
