"""Every page with five hundred workspaces: few queries, and never a secret in it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, set_urlconf

from tenants.context import platform_context
from tenants.models import APIKey, SecondFactor, User
from tenants.people import second_factor
from tests.operator.conftest import Operator
from tests.operator.fleet import SECRETS, Fleet, make_fleet

MAX_QUERIES = 12
# The session and its account are read by the middleware, in front of every page.
BEFORE = 2
PAGES: dict[str, Callable[[Fleet], str]] = {
    "start": lambda fleet: "/admin/",
    "workspaces": lambda fleet: "/admin/tenants/tenant/",
    "filtered": lambda fleet: "/admin/tenants/tenant/?plan=free&status__exact=erasing&o=-5",
    "found": lambda fleet: "/admin/tenants/tenant/?q=donau",
    "workspace": lambda fleet: f"/admin/tenants/tenant/{fleet.busiest}/change/",
    "suspend": lambda fleet: f"/admin/tenants/tenant/{fleet.busiest}/resume/",
    "plan": lambda fleet: f"/admin/tenants/tenant/{fleet.busiest}/plan/",
    "override": lambda fleet: f"/admin/tenants/tenant/{fleet.busiest}/override/",
    "history": lambda fleet: f"/admin/tenants/tenant/{fleet.busiest}/history/",
    "costs": lambda fleet: "/admin/costs/",
    "export": lambda fleet: "/admin/costs.csv",
    "people": lambda fleet: "/admin/tenants/user/",
    "person": lambda fleet: f"/admin/tenants/user/{fleet.user}/change/",
    "memberships": lambda fleet: "/admin/tenants/membership/",
    "keys": lambda fleet: "/admin/tenants/apikey/",
    "key": lambda fleet: f"/admin/tenants/apikey/{fleet.key}/change/",
    "revoke": lambda fleet: f"/admin/tenants/apikey/{fleet.key}/revoke/",
    "tickets": lambda fleet: "/admin/tenants/workticket/",
    "ticket": lambda fleet: f"/admin/tenants/workticket/{fleet.ticket}/change/",
    "plans": lambda fleet: "/admin/catalog/plan/",
    "edit a plan": lambda fleet: "/admin/catalog/plan/free/change/",
    "prices": lambda fleet: "/admin/catalog/price/",
    "new price": lambda fleet: "/admin/catalog/price/add/",
    "overrides": lambda fleet: "/admin/catalog/quotaoverride/",
    "an override": lambda fleet: f"/admin/catalog/quotaoverride/{fleet.override}/change/",
    "password": lambda fleet: "/admin/password_change/",
}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return make_fleet()


def queries_of(path: str, email: str) -> int:
    """Those of the view and its template, as the middleware runs them."""
    view, args, kwargs = resolve(path.partition("?")[0], settings.PLATFORM_URLCONF)
    request: Any = RequestFactory().get(path, HTTP_HOST="localhost")
    set_urlconf(settings.PLATFORM_URLCONF)
    try:
        with platform_context():
            request.user = User.objects.get(email=email)
            request.session, request.tenant_id, request.member = {}, None, None
            request._messages = CookieStorage(request)
            with CaptureQueriesContext(connection) as captured:
                response: Any = view(request, *args, **kwargs)
                if hasattr(response, "render"):
                    response.render()
    finally:
        set_urlconf(None)
    assert response.status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_takes_few_queries_and_shows_no_secret(
    name: str, fleet: Fleet, operator: Operator
) -> None:
    path = PAGES[name](fleet)
    answer = operator.get(path)
    assert answer.status_code == 200
    assert queries_of(path, operator.email) + BEFORE <= MAX_QUERIES
    with platform_context():
        own = User.objects.get(email=operator.email)
        hashes = [own.password, *APIKey.objects.values_list("digest", flat=True)[:50]]
    for secret in (*SECRETS, *hashes, "scrypt$", "pbkdf2_"):
        assert secret not in answer.text, secret
    assert not re.search(r"cb_[sp]k_live_[0-9A-Za-z]{32}", answer.text)


def test_a_sealed_second_factor_is_shown_nowhere(fleet: Fleet, operator: Operator) -> None:
    with platform_context():
        own = User.objects.get(email=operator.email)
    secret = second_factor.begin_enrolment(own).secret
    with platform_context():
        sealed = SecondFactor.objects.get(pk=own.pk).sealed
    for path in ("/admin/", "/admin/tenants/user/", f"/admin/tenants/user/{own.pk}/change/"):
        text = operator.get(path).text
        assert secret not in text
        assert sealed not in text


def test_ids_that_are_none_are_not_found(operator: Operator) -> None:
    for path in ("tenant/no-id", "user/'%20or%201", "workticket/0"):
        assert operator.get(f"/admin/tenants/{path}/change/").status_code in {302, 404}
