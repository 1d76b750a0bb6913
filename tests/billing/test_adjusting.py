"""What the operator decides for one tenant: plans and overrides, while they last, audited."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.adjustments import change_plan, end_override, override_limits
from billing.catalog.models import QuotaOverride
from billing.selectors import plan_limits
from core.errors import InvalidRequest, NotFound
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent

ACTOR = "operator@example.org"


def override(tenant: TenantRef, **given: Any) -> Any:
    fields = {
        "reason": "a fair",
        "expires_at": timezone.now() + timedelta(days=3),
        "messages_per_month": 9000,
        **given,
    }
    return override_limits(tenant_id=tenant.id, actor=ACTOR, **fields)


def events(tenant: TenantRef) -> list[tuple[str, str]]:
    with tenant_context(tenant.id):
        return list(AuditEvent.objects.order_by("id").values_list("action", "actor"))


def test_a_plan_is_changed_with_a_trace(tenant: TenantRef, other_tenant: TenantRef) -> None:
    change_plan(tenant_id=tenant.id, plan="team", actor=ACTOR)
    assert plan_limits(tenant.id).name == "Team"
    assert plan_limits(other_tenant.id).name == "Free"
    assert events(tenant)[-1] == ("plan.changed", ACTOR)
    with pytest.raises(InvalidRequest):
        change_plan(tenant_id=tenant.id, plan="none", actor=ACTOR)
    assert plan_limits(tenant.id).name == "Team"


def test_an_override_counts_for_what_it_names_and_for_its_tenant_alone(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    plan = plan_limits(tenant.id)
    override(tenant, cost_per_month=Decimal(77))
    found = plan_limits(tenant.id)
    assert (found.messages_per_month, found.cost_per_month) == (9000, Decimal(77))
    assert (found.turns_per_minute, found.documents) == (plan.turns_per_minute, plan.documents)
    assert plan_limits(other_tenant.id) == plan
    assert events(tenant)[-1] == ("limits.overridden", ACTOR)


def test_the_newest_override_counts_and_the_older_one_again_after_it(tenant: TenantRef) -> None:
    override(tenant, messages_per_month=1)
    newer = override(tenant, messages_per_month=2)
    assert plan_limits(tenant.id).messages_per_month == 2
    end_override(override_id=newer, actor=ACTOR)
    assert plan_limits(tenant.id).messages_per_month == 1
    assert events(tenant)[-1] == ("limits.override_ended", ACTOR)
    with pytest.raises(NotFound):
        end_override(override_id=newer, actor=ACTOR)
    with pytest.raises(NotFound):
        end_override(override_id=new_id(), actor=ACTOR)


def test_an_override_that_has_expired_counts_no_more(tenant: TenantRef) -> None:
    plan = plan_limits(tenant.id)
    made = override(tenant)
    with platform_context():
        QuotaOverride.objects.filter(pk=made).update(expires_at=timezone.now())
    assert plan_limits(tenant.id) == plan


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"reason": " "}, "reason"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
        ({"messages_per_month": None}, "messages_per_month"),
    ],
)
def test_an_override_needs_a_reason_an_end_and_a_limit(
    tenant: TenantRef, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        override(tenant, **wrong)
    assert refused.value.param == param
    with platform_context():
        assert not QuotaOverride.objects.filter(tenant_id=tenant.id).exists()
    assert "limits.overridden" not in [action for action, _ in events(tenant)]
