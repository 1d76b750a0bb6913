"""Suspending a workspace and letting it go on. Its data stays; keys, pages and sockets stop counting.

Open sockets end at once, or with their next check (`SOCKET_CHECK_SECONDS`) when the notice is lost; a
turn that runs is finished.
"""

from uuid import UUID

from django.db import transaction

from core.errors import Conflict, InvalidRequest, NotFound
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.notices import Notice, Subject, send_after_commit
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
        _move(tenant_id, Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED)
        with tenant_context(tenant_id):
            record_event(action="tenant.suspended", actor=actor, target=str(tenant_id), reason=told)
        send_after_commit([Notice(tenant_id, Subject.WORKSPACE, tenant_id)])


def resume_tenant(*, tenant_id: UUID, actor: str) -> None:
    """Raises `NotFound`, or `Conflict` when it is not suspended."""
    with platform_context(), transaction.atomic():
        _move(tenant_id, Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE)
        with tenant_context(tenant_id):
            record_event(action="tenant.resumed", actor=actor, target=str(tenant_id))


def _move(tenant_id: UUID, before: str, after: str) -> None:
    """Two operators who do the same at once do it once."""
    if Tenant.objects.filter(pk=tenant_id, status=before).update(status=after):
        return
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    if status is None:
        raise NotFound("There is no such workspace.")
    raise Conflict(f"This workspace is {status}, not {before}.")
