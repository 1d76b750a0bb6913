"""Which entries of the audit trail are told to the outside, and what of them: ids, never what somebody or
something is called."""

from collections.abc import Mapping
from uuid import UUID

from tenants.outbox.writing import write_event

# What the id of the entry's target is called.
_TARGETS = {
    "budget.changed": "tenant_id",
    "chatbot.changed": "chatbot_id",
    "chatbot.created": "chatbot_id",
    "chatbot.deleted": "chatbot_id",
    "conversation.deleted": "conversation_id",
    "document.changed": "document_id",
    "document.created": "document_id",
    "document.deleted": "document_id",
    "document.retried": "document_id",
    "key.created": "key_id",
    "key.revoked": "key_id",
    "member.joined": "user_id",
    "member.removed": "user_id",
    "member.role_changed": "user_id",
    "plan.changed": "tenant_id",
    "tenant.resumed": "tenant_id",
    "tenant.suspended": "tenant_id",
}
AUDITED = frozenset(_TARGETS)


def tell_audited(
    action: str,
    *,
    tenant_id: UUID,
    actor: str,
    actor_kind: str,
    target: str,
    changes: Mapping[str, list[str]],
) -> None:
    """Writes the event of an entry, in its transaction; nothing for actions that are nobody's outside."""
    name = _TARGETS.get(action)
    if name is None:
        return
    key = tenant_id if name == "tenant_id" else UUID(target)
    # Who of the platform it was is none of the workspace's business.
    who = {"kind": actor_kind} if actor_kind == "platform" else {"kind": actor_kind, "id": actor}
    data: dict[str, UUID | dict[str, str] | list[str] | str] = {name: key, "actor": who}
    if action.endswith(".changed"):
        data["changed"] = sorted(changes)
    if action in ("member.joined", "member.role_changed"):
        data["role"] = changes["role"][1]
    write_event(action, key=key, **data)
