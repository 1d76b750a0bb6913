"""Members of a workspace: who they are, inviting, changing roles, leaving."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from chatbot_saas.web.forms import InvitationForm
from chatbot_saas.web.pages import member_of, member_page, page
from core.errors import AppError
from tenants.limits.forms import throttle
from tenants.people import invitations, memberships
from tenants.people.roles import ROLES


@page("members:read")
def members(request: HttpRequest) -> HttpResponse:
    return _page(request)


@page("members:write", "POST")
def invite(request: HttpRequest) -> HttpResponse:
    """Makes an invitation and shows its link, this once."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=400)
    actor = member_of(request)
    try:
        throttle(request, "invite", per_address="60/h")
        raw = invitations.invite(actor=actor, **form.cleaned_data)
    except AppError as error:
        form.add_refusal(error)
        return _page(request, form=form, status=error.status)
    link = request.build_absolute_uri(reverse("invitation", args=[raw]))
    return _page(request, link=link, invited=form.cleaned_data["email"])


@page("members:write", "POST")
def revoke_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitations.revoke_invitation(actor=member_of(request), invitation_id=invitation_id)
    messages.success(request, _("The invitation is taken back."))
    return redirect("members")


@page("members:write", "POST")
def change_role(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    memberships.change_role(
        actor=member_of(request), membership_id=membership_id, role=request.POST.get("role", "")
    )
    messages.success(request, _("The role is changed."))
    return redirect("members")


@member_page("POST")
def remove(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Removes a member, or lets oneself leave: the service knows who may."""
    actor = member_of(request)
    memberships.remove_member(actor=actor, membership_id=membership_id)
    left = all(each.user_id != actor.user_id for each in memberships.list_members(actor.tenant_id))
    if left:
        return redirect("login")
    messages.success(request, _("The member is removed."))
    return redirect("members")


def _page(
    request: HttpRequest,
    *,
    form: InvitationForm | None = None,
    link: str = "",
    invited: str = "",
    status: int = 200,
) -> HttpResponse:
    actor = member_of(request)
    context = {
        "members": memberships.list_members(actor.tenant_id),
        "invitations": invitations.list_invitations(actor.tenant_id),
        "roles": ROLES,
        "form": form or InvitationForm(),
        "link": link,
        "invited": invited,
    }
    return render(request, "tenants/members.html", context, status=status)
