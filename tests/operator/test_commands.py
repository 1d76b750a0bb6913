"""The commands for operators: make one, forget a second factor, add usage up anew."""

import io

import pytest
from django.core.management import CommandError, call_command

from billing.catalog.models import TenantUsageDay
from tenants.context import platform_context, tenant_context
from tenants.models import User
from tenants.people import second_factor
from tenants.people.accounts import find_account
from tenants.schemas.provisioning import TenantRef
from tests.billing.test_days import charge
from tests.operator.conftest import new_operator
from tests.pages import make_person


def said(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().split("\n")


def account(email: str) -> User:
    found = find_account(email)
    assert found is not None
    return found


def test_an_operator_is_made_and_its_password_said_once() -> None:
    email = make_person().email
    before = account(email).password
    _, password, *_ = said("create_operator", email)
    made = account(email)
    assert (made.is_staff, made.check_password(password)) == (True, True)
    assert made.password != before
    with pytest.raises(CommandError, match="no e-mail address|not an e-mail address"):
        said("create_operator", "nobody")


def test_a_second_factor_is_forgotten() -> None:
    email = new_operator()
    secret = second_factor.begin_enrolment(account(email)).secret
    assert said("reset_second_factor", email)[0] == "It is forgotten."
    assert second_factor.begin_enrolment(account(email)).secret != secret
    with pytest.raises(CommandError):
        said("reset_second_factor", make_person().email)


def test_usage_is_added_up_anew(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        charge(tenant)
    with platform_context():
        TenantUsageDay.objects.filter(tenant_id=tenant.id).delete()
    said("recount_usage")
    with platform_context():
        assert TenantUsageDay.objects.get(tenant_id=tenant.id).turns == 1
