"""Wrong passwords and codes of the operator's log-in are in the admin's history of that account."""

import pytest
from django.contrib.admin.models import LogEntry

from tenants.context import platform_context
from tenants.models import User
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.live import Process
from tests.operator.conftest import Operator, new_operator, text_of
from tests.operator.test_access import Browser, enrol
from tests.pages import PASSWORD, PageClient, make_member

WRONG = "wrong horse 7 battery"
pytestmark = pytest.mark.usefixtures("worker")


def history(email: str) -> list[str]:
    with platform_context():
        user = User.objects.get(email=email)
        found = LogEntry.objects.filter(object_id=str(user.pk), user=user).order_by("pk")
        return [each.get_change_message() for each in found]


def test_a_wrong_password_is_kept_with_its_address_and_shown_to_operators(
    operator_of: Browser,
) -> None:
    email, guesser, operator = new_operator(), operator_of(), operator_of()
    assert guesser.log_in_as(email.upper(), WRONG).status_code == 401
    told = f"A log-in failed: wrong password, from {guesser.address}."
    assert eventually(lambda: history(email)) == [told]
    operator.log_in_as(email)
    with platform_context():
        user = User.objects.get(email=email)
    page = text_of(operator.get(f"/admin/tenants/user/{user.pk}/history/"))
    assert told in page
    assert WRONG not in page


def test_a_wrong_code_is_kept_too(operator_of: Browser) -> None:
    email, first, second = new_operator(), operator_of(), operator_of()
    first.log_in_as(email)
    enrol(first)
    second.log_in_as(email)
    assert second.post("/admin/login/code/", {"code": "000000"}).status_code == 401
    told = f"A log-in failed: wrong code, from {second.address}."
    assert eventually(lambda: history(email)) == [told]


def test_who_is_no_operator_leaves_no_trace(
    operator_of: Browser, web: Process, tenant: TenantRef
) -> None:
    browser, person, operator = operator_of(), make_member(tenant), new_operator()
    # Right or wrong: this account is none of the admin's.
    for password in (PASSWORD, WRONG):
        assert browser.log_in_as(person.email, password).status_code == 401
    assert browser.log_in_as("nobody@example.org", WRONG).status_code == 401
    with PageClient(web, "localhost") as elsewhere:
        # The platform's log-in is another door.
        elsewhere.post("/login", {"email": operator, "password": WRONG})
    assert browser.log_in_as(operator, WRONG).status_code == 401
    assert len(eventually(lambda: history(operator))) == 1
    assert history(person.email) == []


def test_a_guess_that_is_not_heard_any_more_is_not_written(operator_of: Browser) -> None:
    email, guesser = new_operator(), operator_of()
    statuses = [guesser.log_in_as(email, WRONG).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    eventually(lambda: len(history(email)) >= 5)
    another: Operator = operator_of()
    assert another.log_in_as(email, WRONG).status_code == 401
    eventually(lambda: len(history(email)) >= 6)
    assert len(history(email)) == 6
