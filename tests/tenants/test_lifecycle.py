"""Suspending and resuming a workspace: once, with a reason, audited."""

import pytest

from core.errors import Conflict, InvalidRequest, NotFound
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.schemas.lifecycle import resume_tenant, suspend_tenant
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent

ACTOR = "operator@example.org"


def status(tenant: TenantRef) -> str:
    with platform_context():
        return str(Tenant.objects.get(pk=tenant.id).status)


def actions(tenant: TenantRef) -> list[str]:
    with tenant_context(tenant.id):
        return list(
            AuditEvent.objects.filter(actor=ACTOR).order_by("id").values_list("action", flat=True)
        )


def test_a_workspace_is_suspended_and_goes_on_with_a_trace_of_both(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    suspend_tenant(tenant_id=tenant.id, actor=ACTOR, reason="unpaid")
    assert (status(tenant), status(other_tenant)) == ("suspended", "active")
    with pytest.raises(Conflict):
        suspend_tenant(tenant_id=tenant.id, actor=ACTOR, reason="unpaid")
    resume_tenant(tenant_id=tenant.id, actor=ACTOR)
    assert status(tenant) == "active"
    with pytest.raises(Conflict):
        resume_tenant(tenant_id=tenant.id, actor=ACTOR)
    assert actions(tenant) == ["tenant.suspended", "tenant.resumed"]
    assert actions(other_tenant) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_suspension_says_why(tenant: TenantRef, reason: str) -> None:
    with pytest.raises(InvalidRequest):
        suspend_tenant(tenant_id=tenant.id, actor=ACTOR, reason=reason)
    assert status(tenant) == "active"
    assert actions(tenant) == []


def test_nobody_is_not_found() -> None:
    with pytest.raises(NotFound):
        suspend_tenant(tenant_id=new_id(), actor=ACTOR, reason="unpaid")
