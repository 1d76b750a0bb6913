"""Log-in and log-out, on the platform's host and on tenants' hosts, and the way from one to the other."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.devices import remember_device
from chatbot_saas.web.forms import LogInForm
from chatbot_saas.web.pages import host_url, open_page
from chatbot_saas.web.service_form import ServiceFormView
from core.errors import Conflict, NotFound
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.entry import issue_ticket, redeem_ticket
from tenants.people.login import prove, prove_member
from tenants.people.memberships import list_workspaces
from tenants.people.sessions import session_key_of, sign_in, sign_out
from tenants.requests import TenantRequest


class LogInView(ServiceFormView[LogInForm]):
    """Asks for e-mail and password. `next` is a path of this host."""

    form_class = LogInForm
    template_name = "tenants/log_in.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        on_platform = self.request.tenant_id is None
        return super().get_context_data(
            next=_next(self.request), on_platform=on_platform, **context
        )

    def perform(self, form: LogInForm) -> HttpResponse:
        user = self._prove(**form.cleaned_data)
        sign_in(self.request, user)
        response = self._go_on(user)
        remember_device(self.request, response, user)
        return response

    def _go_on(self, user: User) -> HttpResponse:
        # Who came for a page gets that page; the list of workspaces is for who came for none.
        if self.request.tenant_id is not None or _next(self.request) != "/":
            return redirect(_next(self.request))
        workspaces = list_workspaces(user.pk)
        # Most people have one workspace, and a list of one is a click too many.
        if len(workspaces) != 1:
            return redirect("workspaces")
        return entering_page(self.request, user, workspaces[0].tenant_id)

    def _prove(self, *, email: str, password: str) -> User:
        tenant_id = self.request.tenant_id
        if tenant_id is None:
            return prove(self.request, email=email, password=password)
        return prove_member(self.request, email=email, password=password, tenant_id=tenant_id)


log_in = sensitive_post_parameters("password")(open_page("GET", "POST")(LogInView.as_view()))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    # A path of this host and nothing else: `redirect` would take a name for a view.
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else "/"


@open_page("POST")
def log_out(request: TenantRequest) -> HttpResponse:
    sign_out(request)
    messages.success(request, _("You are logged out, here and in every workspace you had opened."))
    return redirect("login")


@open_page("GET")
def enter(request: TenantRequest) -> HttpResponse:
    """Where a ticket from the platform's host becomes a session of this one."""
    throttle(request, "enter", per_address="120/5m")
    # The ticket is for one host, so it is worth nothing where it was not meant for.
    host = request.get_host().partition(":")[0]
    ticket = request.GET.get("ticket", "")[:100]
    if request.tenant_id is None:
        raise NotFound("There is nothing at this address.")
    entry = redeem_ticket(raw=ticket, tenant_id=request.tenant_id, host=host)
    _refuse_to_replace(request, entry.user)
    sign_in(request, entry.user, anchor=entry.session_key)
    return redirect("/")


def _refuse_to_replace(request: TenantRequest, user: User) -> None:
    """A link from anywhere must not put somebody else's session in the place of one's own."""
    if request.user.is_authenticated and request.user.pk != user.pk:
        raise Conflict(
            f"You are signed in here as {request.user.email}. Log out first, then open the workspace "
            "again from the list."
        )


def entering_page(request: HttpRequest, user: User, tenant_id: UUID) -> HttpResponse:
    """Leads to a tenant's host with a ticket; the policy lets no form's redirect leave this host."""
    ticket, host = issue_ticket(
        user_id=user.pk, tenant_id=tenant_id, session_key=session_key_of(request)
    )
    url = host_url(request, host, f"/enter?ticket={ticket}")
    response = render(request, "tenants/entering.html", {"url": url})
    # The ticket is in the address: it must not be told to anybody.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
