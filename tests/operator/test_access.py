"""Who may enter the operator's admin: staff with their own log-in, on the platform's host alone."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyotp
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context
from tenants.models import SecondFactor, Tenant, User
from tenants.people.operators import forget_second_factor, make_operator
from tests.live import Process
from tests.operator.conftest import Operator, logged_in, new_operator
from tests.pages import PASSWORD, PLATFORM, make_member, make_person, user_of

Browser = Callable[..., Operator]


@pytest.fixture
def operator(web: Process) -> Iterator[Operator]:
    """One for each test: they end its session or take its rights."""
    with logged_in(web) as client:
        yield client


OPEN = {"/admin", "/admin/login/", "/admin/login/code/", "/admin/login/second-factor/"}


def admin_routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from admin_routes(pattern.url_patterns, path)
        elif path.startswith("admin"):
            some_id = re.sub(r"<path:\w+>|<\w+:\w+>|<\w+>", str(uuid4()), path)
            yield "/" + re.sub(r"\(\?P.*", "nobody$", some_id).removesuffix("$").removesuffix("\\Z")


def every_route() -> list[str]:
    found = sorted(set(admin_routes(get_resolver("chatbot_saas.platform_urls").url_patterns)))
    assert len(found) > 40
    return found


def test_nobody_sees_anything_without_a_log_in(operator_of: Browser) -> None:
    stranger = operator_of()
    for path in every_route():
        for answer in (stranger.get(path), stranger.post(path, {"action": "x"})):
            if path in OPEN:
                assert answer.status_code < 400 or answer.request.method == "POST"
            elif path == "/admin/logout/":
                assert answer.status_code in {302, 405}
            else:
                assert answer.status_code == 302, path
                assert answer.headers["location"].startswith("/admin/login/"), path


def test_an_owners_session_is_nobodys_here(
    operator_of: Browser, workspace: Workspace, web: Process
) -> None:
    owner = make_member(workspace.tenant)
    browser = operator_of()
    browser.log_in(owner)
    assert browser.get("/admin/").status_code == 302
    assert browser.log_in_as(owner.email).status_code == 401
    # Its cookie under the operator's name opens nothing either, on no route and with no method.
    browser.cookies.set("operator", browser.cookies["session"])
    for path in every_route():
        if path not in OPEN:
            assert browser.get(path).status_code in {302, 405}, path
            assert browser.post(path, {"reason": "x"}).status_code in {302, 405}, path
    with platform_context():
        assert Tenant.objects.get(pk=workspace.tenant.id).status == "active"


def test_an_ordinary_log_in_of_an_operator_gives_no_admin(operator_of: Browser) -> None:
    email = new_operator()
    browser = operator_of()
    browser.post("/login", {"email": email, "password": PASSWORD})
    assert "session" in browser.cookies
    assert browser.get("/admin/").status_code == 302


def test_the_operators_session_opens_no_page_of_the_platform_or_of_a_workspace(
    operator: Operator, workspace: Workspace, web: Process
) -> None:
    cookie = next(cookie for cookie in operator.cookies.jar if cookie.name == "operator")
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == ("/admin/", True)
    for host in (PLATFORM, workspace.tenant.host):
        with Operator(web, host) as other:
            for name in ("session", "operator"):
                other.cookies.set(name, cookie.value or "")
            for path in ("/workspaces", "/account", "/members"):
                assert other.get(path).status_code in {302, 404}, (host, path)


def test_a_workspaces_host_has_no_admin(
    operator: Operator, workspace: Workspace, web: Process
) -> None:
    with Operator(web, workspace.tenant.host) as other:
        for cookie in operator.cookies.jar:
            other.cookies.set(cookie.name, cookie.value or "")
        for path in ("/admin", "/admin/", "/admin/login/", "/admin/tenants/tenant/"):
            assert other.get(path).status_code == 404


def test_staff_without_rights_may_do_nothing(operator_of: Browser, workspace: Workspace) -> None:
    person = make_person()
    with platform_context():
        User.objects.filter(pk=person.id).update(is_staff=True)
    browser = operator_of()
    browser.log_in_as(person.email)
    assert browser.get("/admin/").status_code == 200
    tenant = f"/admin/tenants/tenant/{workspace.tenant.id}"
    for path in ("/admin/tenants/tenant/", f"{tenant}/change/", f"{tenant}/suspend/"):
        assert browser.get(path).status_code == 403, path
    assert browser.post(f"{tenant}/suspend/", {"reason": "x"}).status_code == 403
    assert browser.get("/admin/costs/").status_code == 403
    assert browser.get("/admin/costs.csv").status_code == 403


def test_who_is_no_operator_any_more_is_out_with_the_next_click(operator: Operator) -> None:
    assert operator.get("/admin/tenants/tenant/").status_code == 200
    with platform_context():
        User.objects.filter(email=operator.email).update(is_staff=False)
    assert operator.get("/admin/tenants/tenant/").status_code == 302


def test_logging_out_ends_the_session_itself(operator: Operator) -> None:
    kept = operator.cookies["operator"]
    assert operator.post("/admin/logout/").status_code == 302
    operator.cookies.set("operator", kept)
    assert operator.get("/admin/").status_code == 302


def test_wrong_passwords_are_counted_and_stopped(operator_of: Browser) -> None:
    email, browser = new_operator(), operator_of()
    statuses = [browser.log_in_as(email, "wrong horse 7 battery").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert browser.log_in_as(email).status_code == 429
    assert "operator" not in browser.cookies
    # They were one address's: who sits elsewhere is not locked out by a stranger.
    assert operator_of().log_in_as(email).status_code == 302


def test_a_right_password_costs_nothing(operator_of: Browser) -> None:
    email, browser = new_operator(), operator_of()
    wrong = [browser.log_in_as(email, "wrong horse 7 battery").status_code for _ in range(4)]
    right = [browser.log_in_as(email).status_code for _ in range(7)]
    assert (wrong, right) == ([401] * 4, [302] * 7)


def test_the_password_of_one_who_is_no_operator_is_counted_as_wrong(operator_of: Browser) -> None:
    person, browser = make_person(), operator_of()
    statuses = [browser.log_in_as(person.email).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_the_password_is_not_guessed_in_an_open_session(operator: Operator) -> None:
    form = {"old_password": "wrong", "new_password1": "x", "new_password2": "x"}
    codes = [operator.post("/admin/password_change/", form).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


def test_a_form_without_its_token_is_refused(operator: Operator, workspace: Workspace) -> None:
    path = f"/admin/tenants/tenant/{workspace.tenant.id}/suspend/"
    answer = operator.post(path, {"reason": "x"}, headers={"X-CSRFToken": "wrong"})
    assert answer.status_code == 403


def test_the_way_back_leads_nowhere_else(operator_of: Browser) -> None:
    email, browser = new_operator(), operator_of()
    data = {"email": email, "password": PASSWORD, "next": "//evil.example/admin/"}
    browser.get("/admin/login/")
    assert browser.post("/admin/login/", data).headers["location"] == "/admin/"
    data["next"] = "/admin/costs/"
    assert browser.post("/admin/login/", data).headers["location"] == "/admin/costs/"


def secret_of(browser: Operator) -> str:
    page = browser.get("/admin/login/second-factor/").text
    found = re.search(r'id="secret">(\w+)<', page)
    assert found is not None, page
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def enrol(browser: Operator) -> str:
    secret = secret_of(browser)
    answer = browser.post("/admin/login/second-factor/", {"code": code_of(secret, -1)})
    assert answer.status_code == 302, answer.text
    return secret


def test_once_set_up_the_second_factor_is_asked_for(operator_of: Browser) -> None:
    email, first, second = new_operator(), operator_of(), operator_of()
    first.log_in_as(email)
    secret = enrol(first)
    answer = second.log_in_as(email)
    assert answer.headers["location"] == "/admin/login/code/"
    # Between the steps nobody is logged in.
    assert second.get("/admin/").status_code == 302
    assert second.get("/admin/login/second-factor/").status_code in {302, 400}
    assert second.post("/admin/login/code/", {"code": "000000"}).status_code == 401
    assert second.get("/admin/").status_code == 302
    before = second.cookies["operator"]
    code = code_of(secret)
    assert second.post("/admin/login/code/", {"code": code}).headers["location"] == "/admin/"
    assert second.cookies["operator"] != before
    assert second.get("/admin/").status_code == 200
    third = operator_of()
    third.log_in_as(email)
    assert third.post("/admin/login/code/", {"code": code}).status_code == 401


def test_codes_are_counted_and_stopped(operator_of: Browser) -> None:
    email, first, second = new_operator(), operator_of(), operator_of()
    first.log_in_as(email)
    secret = enrol(first)
    second.log_in_as(email)
    wrong = [second.post("/admin/login/code/", {"code": "000000"}).status_code for _ in range(6)]
    assert wrong == [401] * 5 + [429]
    # Wherever the next one comes from.
    third = operator_of()
    third.log_in_as(email)
    assert third.post("/admin/login/code/", {"code": code_of(secret)}).status_code == 429


def test_where_it_is_required_nothing_is_shown_before_it_is_set_up() -> None:
    email = new_operator()
    strict = {"OPERATOR_SECOND_FACTOR": "1"}
    with Process("web", environment=strict) as web, Operator(web, PLATFORM) as browser:
        answer = browser.log_in_as(email)
        assert answer.headers["location"] == "/admin/login/second-factor/"
        assert browser.get("/admin/").status_code == 302
        enrol(browser)
        assert browser.get("/admin/").status_code == 200
        assert forget_second_factor(email)
        with Operator(web, PLATFORM) as again:
            answer = again.log_in_as(email)
            assert answer.headers["location"] == "/admin/login/second-factor/"


def test_an_operator_is_made_of_an_account_that_is_there() -> None:
    person = make_person()
    made = make_operator(email=person.email.upper(), password="another horse 8 battery")
    assert made == person.id
    user = user_of(person)
    assert user.is_staff
    assert user.check_password("another horse 8 battery")
    with platform_context():
        assert not SecondFactor.objects.filter(pk=made).exists()
