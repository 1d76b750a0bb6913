"""Members of a workspace: who they are, inviting, changing roles, leaving."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from chatbot_saas.web.forms import InvitationForm
from chatbot_saas.web.pages import member_page, page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import ServiceFormView
from tenants.limits.forms import throttle
from tenants.people import invitations, memberships
from tenants.people.roles import ROLES


class MembersView(ServiceFormView[InvitationForm]):
    """The list with the form to invite somebody. A new invitation's link is shown this once."""

    request: MemberRequest
    form_class = InvitationForm
    template_name = "tenants/members.html"

    def perform(self, form: InvitationForm) -> HttpResponse:
        throttle(self.request, "invite", per_address="60/h")
        raw = invitations.invite(actor=self.request.member, **form.cleaned_data)
        link = self.request.build_absolute_uri(reverse("invitation", args=[raw]))
        return self.show(InvitationForm(), link=link, invited=form.cleaned_data["email"])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        tenant_id = self.request.member.tenant_id
        return super().get_context_data(
            members=memberships.list_members(tenant_id),
            invitations=invitations.list_invitations(tenant_id),
            roles=ROLES,
            **context,
        )


members = page("members:read")(MembersView.as_view())
invite = page("members:write", "POST")(MembersView.as_view())


@page("members:write", "POST")
def revoke_invitation(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    invitations.revoke_invitation(actor=request.member, invitation_id=invitation_id)
    messages.success(request, _("The invitation is revoked."))
    return redirect("members")


@page("members:write", "POST")
def change_role(request: MemberRequest, membership_id: UUID) -> HttpResponse:
    memberships.change_role(
        actor=request.member, membership_id=membership_id, role=request.POST.get("role", "")
    )
    messages.success(request, _("The role is changed."))
    return redirect("members")


@member_page("POST")
def remove(request: MemberRequest, membership_id: UUID) -> HttpResponse:
    """Removes a member, or lets oneself leave: the service knows who may."""
    actor = request.member
    memberships.remove_member(actor=actor, membership_id=membership_id)
    # Who has left may not see the list any more.
    left = all(each.user_id != actor.user_id for each in memberships.list_members(actor.tenant_id))
    if left:
        return redirect("login")
    messages.success(request, _("The member is removed."))
    return redirect("members")
