"""Writing the audit trail."""

from typing import Any

from tenants.workspace.models import AuditEvent

# The actor of what nobody asked for: set-up, commands.
SYSTEM = "system"


def record_event(*, action: str, actor: str, target: str = "", **data: Any) -> None:
    """Append one audit event to the open tenant's trail, in the transaction of what it tells of.

    `actor` is a user's or key's id, or `SYSTEM`; `data` must hold no secret.
    """
    AuditEvent.objects.create(action=action, actor=actor, target=target, data=data)
