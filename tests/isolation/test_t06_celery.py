"""T6: a task works in the tenant it was sent from, or not at all."""

from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from celery import chain

from chatbot_saas.celery import app
from core.redis import sync_redis
from tenants.context import ScopeError, platform_context, tenant_context
from tenants.models import Tenant
from tenants.schemas.provisioning import TenantRef, drop_tenant
from tenants.workspace.models import AuditEvent
from tests.celery_tasks import leave_canary, retry_once
from tests.eventually import eventually
from tests.live import Process

TENANTS, TASKS_EACH, PATIENCE = 10, 10, 60


def wait_for(run: str, count: int) -> list[str]:
    """What tasks reported, once `count` of them have, or all there is after `PATIENCE` seconds."""

    def reports() -> list[str]:
        listed = sync_redis("events").lrange(f"test:{run}", 0, -1)
        return [item if isinstance(item, str) else item.decode() for item in listed]

    def all_there() -> bool:
        own = [report for report in reports() if not report.startswith("FOREIGN")]
        return len(own) >= count

    with suppress(AssertionError):
        eventually(all_there, within=PATIENCE)
    return reports()


def send_all(tenants: list[TenantRef], run: str) -> int:
    for number in range(TASKS_EACH):
        for tenant in tenants:
            with tenant_context(tenant.id):
                if number % 5 == 4:
                    retry_once.delay(f"{tenant.slug}:{number}", run)
                elif number % 5 == 3:
                    chain(
                        leave_canary.si(f"{tenant.slug}:{number}", run),
                        leave_canary.si(f"{tenant.slug}:{number}b", run),
                    ).apply_async()
                else:
                    leave_canary.delay(f"{tenant.slug}:{number}", run)
    return len(tenants) * (TASKS_EACH + TASKS_EACH // 5)


def foreign_canaries(tenants: list[TenantRef]) -> list[str]:
    found = []
    for tenant in tenants:
        with tenant_context(tenant.id):
            actions = list(AuditEvent.objects.values_list("action", flat=True))
        found += [action for action in actions if not action.startswith(f"{tenant.slug}:")]
    return found


@pytest.mark.parametrize(
    ("broken", "pool"), [(None, "threads"), (None, "prefork"), ("tenant_on_task", "threads")]
)
def test_t06_every_task_writes_to_the_tenant_it_was_sent_from(
    broken: str | None, pool: str, make_tenant: Callable[[], TenantRef]
) -> None:
    tenants, run = [make_tenant() for _ in range(TENANTS)], uuid4().hex
    foreign: list[str] = []
    sent = 0
    with Process("worker", broken=broken, environment={"TEST_WORKER_POOL": pool}):
        # A whole worker of another test may take what is sent: the broken one gets its share in time.
        for _ in range(10 if broken else 1):
            sent += send_all(tenants, run)
            reports = wait_for(run, sent)
            foreign = [item for item in reports if item.startswith("FOREIGN")]
            if foreign := foreign + foreign_canaries(tenants):
                break
    if broken:
        assert foreign, "the broken build must leave canaries in foreign tenants"
    else:
        assert foreign == []
        assert len(reports) == sent


def test_t06_a_message_without_a_live_tenant_is_rejected_and_its_body_never_runs(
    worker: Process, tenant: TenantRef, make_tenant: Callable[[], TenantRef]
) -> None:
    run, suspended, deleted = uuid4().hex, make_tenant(), make_tenant()
    with platform_context():
        Tenant.objects.filter(pk=suspended.id).update(status="suspended")
    drop_tenant(deleted.id)
    headers: list[dict[str, str]] = [
        {},
        {"tenant_id": "t_public"},
        {"tenant_id": str(uuid4())},
        {"tenant_id": str(suspended.id)},
        {"tenant_id": str(deleted.id)},
    ]
    for header in headers:
        app.send_task("tests.leave_canary", args=["nobody:1", run], headers=header)
    with tenant_context(tenant.id):
        leave_canary.delay(f"{tenant.slug}:last", run)
    assert wait_for(run, 1) == [f"{tenant.slug}:last"]
    # The worker has nothing left: what was rejected is not about to run.
    eventually(lambda: sync_redis("broker").llen("celery") == 0)
    assert wait_for(run, 1) == [f"{tenant.slug}:last"]


def test_t06_a_caller_cannot_name_another_tenant_in_the_headers(
    worker: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    run = uuid4().hex
    with tenant_context(tenant.id):
        leave_canary.apply_async(
            args=[f"{tenant.slug}:1", run], headers={"tenant_id": str(other_tenant.id)}
        )
    wait_for(run, 1)
    assert foreign_canaries([other_tenant]) == []
    with tenant_context(tenant.id):
        assert AuditEvent.objects.count() == 1


def test_t06_a_task_published_outside_every_tenant_is_refused_at_once() -> None:
    with pytest.raises(ScopeError):
        leave_canary.delay("x:1", "run")
    with platform_context(), pytest.raises(ScopeError):
        leave_canary.delay("x:1", "run")
