"""Members of a workspace: who they are, inviting, changing roles, leaving."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot_saas.web.forms import InvitationForm
from chatbot_saas.web.once import keep_once, take_once
from chatbot_saas.web.pages import member_page, own_url, page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import ServiceFormView
from core.errors import Unavailable
from tenants.keys.api_keys import KeyView, list_keys
from tenants.limits.forms import throttle
from tenants.people import invitations, memberships
from tenants.people.mail import ask_for_invitation_mail
from tenants.people.members import Member
from tenants.people.roles import ROLES, Role

# Of each role, what the weaker ones may not.
_ROLE_WORDS: dict[Role, Promise] = {
    "viewer": gettext_lazy(
        "Reads the overview, conversations, documents, chatbots, usage and this page. Changes nothing."
    ),
    "agent": gettext_lazy("Also adds and removes documents, and deletes conversations."),
    "admin": gettext_lazy(
        "Also changes chatbots, API keys and the budget, downloads conversations, and invites and "
        "removes members."
    ),
    "owner": gettext_lazy(
        "Also makes others owners, and reads the audit trail. A workspace always has one."
    ),
}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of the page, with the live keys that the member made, for who may see keys."""

    id: UUID
    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    confirmed: bool
    keys: tuple[KeyView, ...]

    @property
    def secret_keys(self) -> list[KeyView]:
        return [key for key in self.keys if key.kind == "secret"]

    @property
    def publishable_keys(self) -> list[KeyView]:
        return [key for key in self.keys if key.kind == "publishable"]


def _rows(member: Member) -> list[MemberRow]:
    keys = list_keys(member.tenant_id).keys if member.may("keys:read") else ()
    made = defaultdict(list)
    for key in keys:
        if key.maker is not None:
            made[key.maker.user_id].append(key)
    return [
        MemberRow(**asdict(each), keys=tuple(made[each.user_id]))
        for each in memberships.list_members(member.tenant_id)
    ]


class MembersView(ServiceFormView[InvitationForm]):
    """The list with the form to invite somebody. The next page shows an invitation's link, once."""

    request: MemberRequest
    form_class = InvitationForm
    template_name = "tenants/members.html"

    def perform(self, form: InvitationForm) -> HttpResponse:
        throttle(self.request, "invite", per_address="60/h")
        raw = invitations.invite(actor=self.request.member, **form.cleaned_data)
        self._mail(raw)
        link = self.request.build_absolute_uri(reverse("invitation", args=[raw]))
        keep_once(self.request, "invitation", {"link": link, "email": form.cleaned_data["email"]})
        return redirect("members")

    def _mail(self, raw: str) -> None:
        """The mail has a link of its own; this one still works when no mail can be sent."""
        made = invitations.read_invitation(raw=raw, tenant_id=self.request.member.tenant_id)
        with suppress(Unavailable):
            ask_for_invitation_mail(invitation_id=made.id, base_url=own_url(self.request))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        tenant_id = self.request.member.tenant_id
        return super().get_context_data(
            invited=take_once(self.request, "invitation"),
            members=_rows(self.request.member),
            invitations=invitations.list_invitations(tenant_id),
            roles=ROLES,
            role_words=_ROLE_WORDS.items(),
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
    """Removes a member, or lets oneself leave: the service knows who may. `revoke` in the form names
    the kinds of their keys that end with it."""
    actor = request.member
    memberships.remove_member(
        actor=actor, membership_id=membership_id, revoked_kinds=request.POST.getlist("revoke")
    )
    # Who has left may not see the list any more.
    left = all(each.user_id != actor.user_id for each in memberships.list_members(actor.tenant_id))
    if left:
        return redirect("login")
    messages.success(request, _("The member is removed."))
    return redirect("members")
