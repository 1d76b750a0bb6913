"""Writing the audit trail."""

from typing import Any

from tenants.workspace.models import AuditEvent


def record_event(*, action: str, actor: str, target: str = "", **data: Any) -> None:
    """Append one audit event to the open tenant's trail. `data` must hold no secret."""
    AuditEvent.objects.create(action=action, actor=actor, target=target, data=data)
