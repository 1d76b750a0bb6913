"""Log-in and log-out, on the platform's host and on tenants' hosts, and the way from one to the other."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import LogInForm
from chatbot_saas.web.pages import host_url, open_page
from core.errors import AppError, Conflict
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.entry import issue_ticket, redeem_ticket
from tenants.people.login import prove, prove_member
from tenants.people.memberships import list_workspaces
from tenants.people.sessions import sign_in, sign_out


@sensitive_post_parameters("password")
@open_page("GET", "POST")
def log_in(request: HttpRequest) -> HttpResponse:
    """Asks for e-mail and password. `next` is a path of this host."""
    form = LogInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                return _signed_in(request, _known(request, **form.cleaned_data))
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    context = {"form": form, "next": _next(request), "on_platform": _tenant_id(request) is None}
    return render(request, "tenants/log_in.html", context, status=status)


def _known(request: HttpRequest, *, email: str, password: str) -> User:
    tenant_id = _tenant_id(request)
    if tenant_id is None:
        return prove(request, email=email, password=password)
    return prove_member(request, email=email, password=password, tenant_id=tenant_id)


def _signed_in(request: HttpRequest, user: User) -> HttpResponse:
    sign_in(request, user)
    if _tenant_id(request) is not None or _next(request) != "/":
        return redirect(_next(request))
    workspaces = list_workspaces(user.pk)
    if len(workspaces) != 1:
        return redirect("workspaces")
    return entering_page(request, user, workspaces[0].tenant_id)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    # A path of this host and nothing else: `redirect` would take a name for a view.
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else "/"


def _tenant_id(request: Any) -> Any:
    return request.tenant_id


@open_page("POST")
def log_out(request: HttpRequest) -> HttpResponse:
    sign_out(request)
    return redirect("login")


@open_page("GET")
def enter(request: HttpRequest) -> HttpResponse:
    """Where a ticket from the platform's host becomes a session of this one."""
    throttle(request, "enter", per_address="120/5m")
    host, _, _ = request.get_host().partition(":")
    ticket = request.GET.get("ticket", "")[:100]
    user = redeem_ticket(raw=ticket, tenant_id=_tenant_id(request), host=host)
    _refuse_to_replace(request, user)
    sign_in(request, user)
    return redirect("/")


def _refuse_to_replace(request: Any, user: User) -> None:
    """A link from anywhere must not put somebody else's session in the place of one's own."""
    if request.user.is_authenticated and request.user.pk != user.pk:
        raise Conflict(
            f"You are signed in here as {request.user.email}. Log out first, then open the workspace "
            "again from the list."
        )


def entering_page(request: HttpRequest, user: User, tenant_id: Any) -> HttpResponse:
    """Leads to a tenant's host with a ticket; the policy lets no form's redirect leave this host."""
    ticket, host = issue_ticket(user_id=user.pk, tenant_id=tenant_id)
    url = host_url(request, host, f"/enter?ticket={ticket}")
    response = render(request, "tenants/entering.html", {"url": url})
    # The ticket is in the address: it must not be told to anybody.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
