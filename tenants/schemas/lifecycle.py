"""Suspending a workspace and letting it go on. Its data stays; keys, pages and sockets stop counting.

Open sockets end at once, or with their next check (`SOCKET_CHECK_SECONDS`) when the notice is lost; a
turn that runs is finished.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from core.errors import Conflict, InvalidRequest, NotFound
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.notices import Notice, Subject, send_after_commit
from tenants.workspace.changes import Changes, compare
from tenants.workspace.services import record_event

_MAX_REASON_LENGTH = 300


def suspend_tenant(*, tenant_id: UUID, actor: str, reason: str) -> None:
    """Raises `InvalidRequest` (reason), `NotFound`, or `Conflict` when it is not active."""
    told = reason.strip()
    if not told or len(told) > _MAX_REASON_LENGTH:
        raise InvalidRequest(
            f"Say why, in at most {_MAX_REASON_LENGTH} characters: it is kept in the audit trail.",
            param="reason",
        )
    with platform_context(), transaction.atomic():
        changes = _move(tenant_id, Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED)
        _record(tenant_id, "tenant.suspended", actor, changes, reason=told)
        send_after_commit([Notice(tenant_id, Subject.WORKSPACE, tenant_id)])


def resume_tenant(*, tenant_id: UUID, actor: str) -> None:
    """Raises `NotFound`, or `Conflict` when it is not suspended."""
    with platform_context(), transaction.atomic():
        changes = _move(tenant_id, Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE)
        _record(tenant_id, "tenant.resumed", actor, changes)


def _record(tenant_id: UUID, action: str, actor: str, changes: Changes, **data: Any) -> None:
    name = Tenant.objects.values_list("name", flat=True).get(pk=tenant_id)
    target = str(tenant_id)
    with tenant_context(tenant_id):
        record_event(action=action, actor=actor, target=target, name=name, changes=changes, **data)


def _move(tenant_id: UUID, before: Tenant.Status, after: Tenant.Status) -> Changes:
    """What changed. Two operators who do the same at once do it once."""
    if Tenant.objects.filter(pk=tenant_id, status=before).update(status=after):
        return compare({"status": before.value}, {"status": after.value})
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    if status is None:
        raise NotFound("There is no such workspace.")
    raise Conflict(f"This workspace is {status}, not {before}.")


def count_by_status() -> dict[str, int]:
    """How many workspaces there are of each status (platform context)."""
    counted = dict(Tenant.objects.values_list("status").annotate(Count("id")))
    return {str(status): counted.get(status, 0) for status in Tenant.Status}
