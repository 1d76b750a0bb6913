"""What the operator decides for one tenant: its plan, and other limits for a while. All audited."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from billing.catalog.models import QuotaOverride
from billing.catalog.services import subscribe
from billing.selectors import agreed_limits
from core.errors import InvalidRequest, NotFound
from tenants.context import platform_context, tenant_context
from tenants.workspace.changes import compare
from tenants.workspace.services import record_event


def change_plan(*, tenant_id: UUID, plan: str, actor: str) -> None:
    """Put a tenant on a plan. Raises `InvalidRequest` (plan)."""
    with platform_context(), transaction.atomic():
        before = agreed_limits(tenant_id)
        subscribe(tenant_id=tenant_id, plan=plan)
        _record(tenant_id, "plan.changed", actor, before, plan=plan)


def check_override(*, reason: str, expires_at: datetime, **limits: Any) -> None:
    """Raises `InvalidRequest` (reason, expires_at, a limit's name) for what makes no sense, or what a
    column cannot hold."""
    if not reason.strip():
        raise InvalidRequest("Say why: it is kept in the audit trail.", param="reason")
    if expires_at <= timezone.now():
        raise InvalidRequest("The end must be in the future.", param="expires_at")
    if all(value is None for value in limits.values()):
        raise InvalidRequest("Give at least one limit.", param="messages_per_month")
    # The columns know their own bounds; a second list of them here would fall behind.
    for name, value in limits.items():
        column: Any = QuotaOverride._meta.get_field(name)
        try:
            column.clean(value, None)
        except ValidationError as error:
            raise InvalidRequest(" ".join(error.messages), param=name) from error


def override_limits(
    *,
    tenant_id: UUID,
    reason: str,
    expires_at: datetime,
    actor: str,
    messages_per_month: int | None = None,
    cost_per_month: Decimal | None = None,
    turns_per_minute: int | None = None,
    documents: int | None = None,
) -> UUID:
    """Other limits than the plan's until then; None keeps the plan's. The newest one in force counts.

    Raises `InvalidRequest` (reason, expires_at, a limit's name).
    """
    limits: dict[str, Any] = {
        "messages_per_month": messages_per_month,
        "cost_per_month": cost_per_month,
        "turns_per_minute": turns_per_minute,
        "documents": documents,
    }
    check_override(reason=reason, expires_at=expires_at, **limits)
    # As text: the trail keeps what was typed, and JSON has no decimals.
    given = {name: str(value) for name, value in limits.items() if value is not None}
    with platform_context(), transaction.atomic():
        before = agreed_limits(tenant_id)
        made = QuotaOverride.objects.create(
            tenant_id=tenant_id,
            reason=reason.strip(),
            expires_at=expires_at,
            created_by=actor,
            **limits,
        )
        until = expires_at.isoformat()
        told = {"reason": reason.strip(), "until": until, **given}
        _record(tenant_id, "limits.overridden", actor, before, **told)
    return made.pk


def end_override(*, override_id: UUID, actor: str) -> None:
    """The plan's limits hold again from now on. Raises `NotFound` for one that is over."""
    now = timezone.now()
    with platform_context(), transaction.atomic():
        found = QuotaOverride.objects.filter(pk=override_id, expires_at__gt=now)
        tenant_id = found.values_list("tenant_id", flat=True).first()
        before = agreed_limits(tenant_id) if tenant_id else {}
        # Ended, not deleted: what held until now can still be read.
        if tenant_id is None or not found.update(expires_at=now):
            raise NotFound("There is no such override in force.")
        _record(tenant_id, "limits.override_ended", actor, before)


def _record(
    tenant_id: UUID, action: str, actor: str, before: Mapping[str, Any], **data: Any
) -> None:
    """With what changed of the limits in force, which is less than what was typed when a newer
    override stands before it."""
    changes = compare(before, agreed_limits(tenant_id))
    target = str(tenant_id)
    with tenant_context(tenant_id):
        record_event(action=action, actor=actor, target=target, changes=changes, **data)
