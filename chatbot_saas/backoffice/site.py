"""The admin site: who may enter, under which policy, and what it has beside tables."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from chatbot_saas.backoffice import costs
from chatbot_saas.backoffice import login as signing_in
from tenants.limits.forms import throttle
from tenants.people.sessions import OPERATOR, area_of

# The admin's look is made with Alpine, which compiles the expressions of its templates; nothing else of
# the strict policy is given up. Its own colours come as a style sheet.
POLICY = {"script-src": ["'self'", "'unsafe-eval'", *settings.STATIC_ORIGINS]}


class OperatorSite(UnfoldAdminSite):
    """Staff accounts that have logged in here, with their second factor where it is asked for."""

    site_title = site_header = "Operator"
    index_title = "Platform"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return (
            area_of(request) == OPERATOR
            and bool(user.is_active and getattr(user, "is_staff", False))
            and signing_in.is_sure(request)
        )

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        inner = super().admin_view(view, cacheable)

        def with_policy(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "\0" in unquote(request.get_full_path()):
                # PostgreSQL keeps none, and what reads ids and filters does not look for it.
                raise BadRequest
            response: Any = inner(request, *args, **kwargs)
            response._csp_replace = POLICY
            return response

        return with_policy

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return signing_in.log_in(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return signing_in.log_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if request.method == "POST":
            user_id = str(request.user.pk)
            throttle(
                request, "admin-password", per_address="60/5m", subject=user_id, per_subject="10/5m"
            )
        response: HttpResponseBase = super().password_change(request, extra_context)
        return response

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Of the menu's names, which fit on one page: Unfold trips over any other number."""
        if request.GET.get("page", "1") != "1":
            raise Http404
        return super().search(request, extra_context)

    def get_urls(self) -> list[Any]:
        # Nothing here has a page on a site of its own; the look for one breaks on ids that are no number.
        return [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("login/code/", signing_in.code, name="login_code"),
            path("login/second-factor/", signing_in.enrol, name="second_factor"),
            path("costs/", self.admin_view(partial(costs.page, self)), name="costs"),
            path("costs.csv", self.admin_view(costs.export), name="costs_csv"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Unfold would write its colours into the page, which the policy does not let it.
        return {**super().each_context(request), "colors": None}


site = OperatorSite(name="admin")
