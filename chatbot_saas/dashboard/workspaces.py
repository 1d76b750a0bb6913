"""The platform's own pages for people: the start page, and the list of one's workspaces."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from billing.catalog.services import list_public_plans
from chatbot_saas.dashboard.login import entering_page
from chatbot_saas.demo.access import known_key
from chatbot_saas.web.pages import open_page
from tenants.limits.forms import throttle
from tenants.people.memberships import list_workspaces
from tenants.requests import TenantRequest


@open_page("GET")
def start(request: TenantRequest) -> HttpResponse:
    """What this is, and the ways in."""
    if request.user.is_authenticated:
        return redirect("workspaces")
    context = {"plans": list_public_plans(), "has_demo": known_key() is not None}
    return render(request, "tenants/start.html", context)


@open_page("GET")
def workspaces(request: TenantRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("login")
    context = {"workspaces": list_workspaces(request.user.pk)}
    return render(request, "tenants/workspaces.html", context)


@open_page("POST")
def enter_workspace(request: TenantRequest, tenant_id: UUID) -> HttpResponse:
    """Leads into one of one's workspaces. Raises `NotFound` for anybody else's."""
    if not request.user.is_authenticated:
        return redirect("login")
    throttle(request, "enter", per_address="120/5m")
    return entering_page(request, request.user, tenant_id)
