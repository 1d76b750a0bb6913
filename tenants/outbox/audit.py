"""Which entries of the audit trail are told to the outside, and what of them: ids, never what somebody or
something is called."""

from uuid import UUID

from tenants.context import current_tenant_id
from tenants.outbox.writing import Value, is_on, write_event
from tenants.workspace.services import Recorded

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


def tell_audited(entry: Recorded) -> None:
    """Writes the event of an entry, in its transaction; nothing for actions that are nobody's outside."""
    name = _TARGETS.get(entry.action)
    if name is None or not is_on():
        return
    key = current_tenant_id() if name == "tenant_id" else UUID(entry.target)
    who = {"kind": entry.actor_kind}
    # Who of the platform it was is none of the workspace's business.
    if entry.actor_kind != "platform":
        who["id"] = entry.actor
    data: dict[str, Value] = {name: key, "actor": who}
    if entry.action.endswith(".changed"):
        data["changed"] = sorted(entry.changes)
    if entry.action in ("member.joined", "member.role_changed"):
        data["role"] = entry.changes["role"][1]
    write_event(entry.action, key=key, **data)
