"""What is over leaves the database, and nothing else does."""

from datetime import timedelta
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.context import platform_context
from tenants.models import EntryTicket
from tenants.people.expiry import remove_expired
from tenants.schemas.provisioning import TenantRef
from tests.pages import make_member


def test_what_is_over_goes_and_what_is_not_stays(tenant: TenantRef) -> None:
    person, now = make_member(tenant), timezone.now()
    names = {"over": now - timedelta(seconds=1), "not over": now + timedelta(minutes=5)}
    keys = {name: uuid4().hex for name in names}
    with platform_context():
        for name, expires_at in names.items():
            Session.objects.create(session_key=keys[name], expire_date=expires_at)
            EntryTicket.objects.create(
                digest=keys[name], user_id=person.id, tenant_id=tenant.id, expires_at=expires_at
            )
        assert remove_expired() >= 2
        for rows in (
            Session.objects.filter(session_key__in=keys.values()),
            EntryTicket.objects.filter(digest__in=keys.values()),
        ):
            assert {row.pk for row in rows} == {keys["not over"]}
