"""The audit trail of a workspace: who did what, and when."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from chatbot_saas.web.listing import address, uuid_in
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from tenants.workspace.selectors import list_events

PER_PAGE = 50
# An action that is not here is shown by its own name, so that a new one is not lost.
_SAID = {
    "chatbot.changed": _("Changed a chatbot"),
    "chatbot.created": _("Created a chatbot"),
    "chatbot.deleted": _("Deleted a chatbot"),
    "conversation.deleted": _("Deleted a conversation"),
    "document.changed": _("Replaced a document"),
    "document.created": _("Added a document"),
    "document.deleted": _("Deleted a document"),
    "document.retried": _("Sent a failed document again"),
    "key.created": _("Created an API key"),
    "key.revoked": _("Revoked an API key"),
    "limits.overridden": _("Changed the limits for a time"),
    "limits.override_ended": _("Ended a change of the limits"),
    "member.invitation_revoked": _("Revoked an invitation"),
    "member.invited": _("Invited somebody"),
    "member.joined": _("Joined"),
    "member.removed": _("Removed a member"),
    "member.role_changed": _("Changed a member's role"),
    "plan.changed": _("Changed the plan"),
    "tenant.resumed": _("Resumed the workspace"),
    "tenant.suspended": _("Suspended the workspace"),
}


@page("workspace:write")
def audit(request: MemberRequest) -> HttpResponse:
    after = uuid_in(request, "after")
    listed = list_events(tenant_id=request.member.tenant_id, limit=PER_PAGE, after=after)
    context = {
        "events": [(event, _SAID.get(event.action, event.action)) for event in listed.events],
        "first_url": request.path if after is not None else "",
        "next_url": address(request, after=listed.next_cursor) if listed.next_cursor else "",
    }
    return render(request, "tenants/audit.html", context)
