"""A copy out of a backup tells nothing of what happened to its original."""

from uuid import uuid4

from django.utils import timezone

from tenants.backend.login import migration_login
from tenants.context import owner_context
from tenants.names import schema_name
from tenants.outbox.moved import leave_events
from tenants.schemas.moving import Move
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import OutboxEvent, OutboxKey


def test_events_stay_with_the_original_and_come_back_with_it(tenant: TenantRef) -> None:
    now, key = timezone.now(), uuid4()
    with migration_login(), owner_context(schema_name(tenant.id)):
        OutboxKey.objects.create(key=key, sequence=2, used_at=now)
        for sequence, delivered in ((1, now), (2, None)):
            OutboxEvent.objects.create(
                key=key,
                sequence=sequence,
                type="document.ready",
                occurred_at=now,
                # Nobody's turn: no relay takes it meanwhile.
                due_at=now.replace(year=now.year + 1),
                delivered_at=delivered,
            )
        itself = Move(tenant.id, tenant.id, tenant.host, tenant.host)
        assert leave_events(itself) == []
        assert OutboxEvent.objects.filter(key=key).count() == 2
        copied = Move(uuid4(), tenant.id, "elsewhere", tenant.host)
        assert leave_events(copied) == ["1 events that were not delivered stay with the original."]
        assert not OutboxEvent.objects.exists()
        assert not OutboxKey.objects.exists()
