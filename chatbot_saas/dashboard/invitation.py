"""Where an invitation's link leads."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import JoinForm, LogInForm, ServiceForm
from chatbot_saas.web.pages import open_page
from core.errors import AppError, PermissionDenied
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.invitations import InvitationView, accept_as, accept_as_new, read_invitation
from tenants.people.login import prove
from tenants.people.sessions import sign_in


@sensitive_post_parameters("password")
@open_page("GET", "POST")
def invitation(request: Any, raw: str) -> HttpResponse:
    """New people choose a name and a password; who has an account proves it with the password."""
    throttle(request, "invitation", per_address="60/5m")
    found = read_invitation(raw=raw, tenant_id=request.tenant_id)
    form = _form(request, found)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                sign_in(request, _join(request, raw, found, form.cleaned_data))
                return redirect("/")
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    context = {"form": form, "invitation": found}
    response = render(request, "tenants/invitation.html", context, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _form(request: HttpRequest, found: InvitationView) -> ServiceForm:
    if not found.has_account:
        return JoinForm(request.POST or None)
    return LogInForm(request.POST or None, initial={"email": found.email})


def _join(request: Any, raw: str, found: InvitationView, data: dict[str, str]) -> User:
    if not found.has_account:
        return accept_as_new(raw=raw, tenant_id=request.tenant_id, **data)
    user = prove(request, **data)
    if user.email != found.email:
        raise PermissionDenied("This invitation is for another e-mail address.", param="email")
    accept_as(raw=raw, tenant_id=request.tenant_id, user=user)
    return user
