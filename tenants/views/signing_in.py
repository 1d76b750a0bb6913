"""Log-in and log-out, on the platform's host and on tenants' hosts, and the way from one to the other."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from core.errors import AppError, Unauthenticated
from tenants.accounts import authenticate
from tenants.entry import issue_ticket, redeem_ticket
from tenants.forms import LogInForm
from tenants.members import find_member
from tenants.memberships import list_workspaces
from tenants.models import User
from tenants.pages import host_url, open_page
from tenants.sessions import sign_in, sign_out
from tenants.throttling import throttle


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
    throttle(request, "log-in", per_address="60/5m", subject=email, per_subject="10/5m")
    user = authenticate(request, email=email, password=password)
    tenant_id = _tenant_id(request)
    if tenant_id is not None and find_member(user_id=user.pk, tenant_id=tenant_id) is None:
        raise Unauthenticated("You are not a member of this workspace.")
    return user


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
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


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
    sign_in(request, user)
    return redirect("/")


def entering_page(request: HttpRequest, user: User, tenant_id: Any) -> HttpResponse:
    """Leads to a tenant's host with a ticket; the policy lets no form's redirect leave this host."""
    ticket, host = issue_ticket(user_id=user.pk, tenant_id=tenant_id)
    url = host_url(request, host, f"/enter?ticket={ticket}")
    response = render(request, "tenants/entering.html", {"url": url})
    # The ticket is in the address: it must not be told to anybody.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
