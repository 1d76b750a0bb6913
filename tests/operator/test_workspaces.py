"""What the operator does to a workspace: suspended and resumed, on another plan, other limits."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from billing.catalog.models import QuotaOverride
from billing.selectors import plan_limits
from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context, tenant_context
from tenants.models import APIKey, Tenant, User
from tenants.people.accounts import create_account, prepare_password
from tenants.workspace.models import AuditEvent
from tenants.workspace.services import SYSTEM
from tests.conversations.client import Chat
from tests.live import Process
from tests.operator.conftest import Operator, new_operator, text_of
from tests.pages import PASSWORD, make_person, user_of


def page_of(workspace: Workspace, action: str = "change") -> str:
    return f"/admin/tenants/tenant/{workspace.tenant.id}/{action}/"


def status(workspace: Workspace) -> str:
    with platform_context():
        return str(Tenant.objects.get(pk=workspace.tenant.id).status)


def trail(workspace: Workspace) -> list[tuple[str, str]]:
    with tenant_context(workspace.tenant.id):
        told = AuditEvent.objects.exclude(actor=SYSTEM).order_by("id")
        return list(told.values_list("action", "actor"))


def models_status(web: Process, workspace: Workspace) -> int:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    return httpx.get(f"{web.url}/v1/models", headers=headers, trust_env=False).status_code


def test_a_workspace_is_suspended_and_resumed(
    operator: Operator, web: Process, workspace: Workspace
) -> None:
    assert "Suspend" in operator.get(page_of(workspace)).text
    answer = operator.perform(page_of(workspace, "suspend"), reason="unpaid since May")
    assert answer.headers["location"] == page_of(workspace)
    assert status(workspace) == "suspended"
    assert models_status(web, workspace) == 403
    shown = operator.get(page_of(workspace)).text
    assert page_of(workspace, "resume") in shown
    assert page_of(workspace, "suspend") not in shown
    operator.perform(page_of(workspace, "resume"))
    assert (status(workspace), models_status(web, workspace)) == ("active", 200)
    assert trail(workspace) == [
        ("tenant.suspended", operator.email),
        ("tenant.resumed", operator.email),
    ]
    with platform_context():
        logged = LogEntry.objects.filter(object_id=str(workspace.tenant.id))
        assert logged.filter(user__email=operator.email).count() == 2


def test_a_suspension_asks_why_first_and_happens_once(
    operator: Operator, workspace: Workspace
) -> None:
    # Looking at the page that asks does nothing.
    assert operator.get(page_of(workspace, "suspend")).status_code == 200
    assert operator.post(page_of(workspace, "suspend"), {"reason": " "}).status_code == 400
    assert (status(workspace), trail(workspace)) == ("active", [])
    operator.perform(page_of(workspace, "suspend"), reason="unpaid")
    again = operator.post(page_of(workspace, "suspend"), {"reason": "unpaid"})
    assert again.status_code == 409
    assert "not active" in text_of(again)
    assert len(trail(workspace)) == 1


def test_its_open_sockets_close_within_the_time_that_is_promised(workspace: Workspace) -> None:
    with Process("web", environment={"SOCKET_CHECK_SECONDS": "1"}) as quick:
        with Operator(quick, "localhost") as operator:
            operator.log_in_as(new_operator())
            own = f"https://{workspace.tenant.host}"
            with Chat(quick.socket_url, workspace.publishable_key, origin=own) as chat:
                operator.perform(page_of(workspace, "suspend"), reason="unpaid")
                assert chat.close_code(5) == 4401


def test_the_plan_is_changed(operator: Operator, workspace: Workspace) -> None:
    assert operator.perform(page_of(workspace, "plan"), plan="nothing").status_code == 400
    assert plan_limits(workspace.tenant.id).name == "Free"
    operator.perform(page_of(workspace, "plan"), plan="team")
    assert plan_limits(workspace.tenant.id).name == "Team"
    assert "of 20,000" in text_of(operator.get(page_of(workspace)))
    assert trail(workspace) == [("plan.changed", operator.email)]


def test_limits_are_overridden_for_a_while_and_the_list_says_so(
    operator: Operator, workspace: Workspace
) -> None:
    until = timezone.now() + timedelta(days=3)
    fields = {
        "reason": "a fair",
        "messages_per_month": "9000",
        "expires_at": f"{until:%Y-%m-%dT%H:%M}",
    }
    operator.perform(page_of(workspace, "override"), **fields)
    assert plan_limits(workspace.tenant.id).messages_per_month == 9000
    shown = operator.get(f"/admin/tenants/tenant/?q={workspace.tenant.slug}")
    assert "0 of 9,000" in text_of(shown)
    with platform_context():
        made = QuotaOverride.objects.get(tenant_id=workspace.tenant.id)
    assert made.created_by == operator.email
    operator.perform(f"/admin/catalog/quotaoverride/{made.pk}/end/")
    assert plan_limits(workspace.tenant.id).messages_per_month == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"expires_at": "2020-01-01T00:00"},
        {"expires_at": "tomorrow"},
        {"messages_per_month": "-1"},
        {"messages_per_month": ""},
        {"cost_per_month": "much"},
    ],
    ids=str,
)
def test_an_override_that_makes_no_sense_is_refused_beside_its_field(
    operator: Operator, workspace: Workspace, wrong: dict[str, str]
) -> None:
    fields = {"reason": "a fair", "messages_per_month": "9", "expires_at": "2099-01-01T00:00"}
    answer = operator.perform(page_of(workspace, "override"), **{**fields, **wrong})
    assert answer.status_code == 400
    assert re.search(r"(errornote|text-red|errorlist)", answer.text)
    with platform_context():
        assert not QuotaOverride.objects.filter(tenant_id=workspace.tenant.id).exists()


def test_a_key_is_revoked(operator: Operator, web: Process, workspace: Workspace) -> None:
    with platform_context():
        key = APIKey.objects.get(tenant_id=workspace.tenant.id, kind="secret")
    assert models_status(web, workspace) == 200
    operator.perform(f"/admin/tenants/apikey/{key.pk}/revoke/")
    assert models_status(web, workspace) == 401
    assert trail(workspace) == [("key.revoked", operator.email)]
    answer = operator.post(f"/admin/tenants/apikey/{key.pk}/revoke/")
    assert answer.status_code == 404


def test_an_account_is_deactivated_and_reactivated_but_not_ones_own(operator: Operator) -> None:
    person = make_person()
    path = f"/admin/tenants/user/{person.id}"
    operator.perform(f"{path}/deactivate/")
    assert not user_of(person).is_active
    operator.perform(f"{path}/reactivate/")
    assert user_of(person).is_active
    with platform_context():
        own = User.objects.get(email=operator.email)
    answer = operator.perform(f"/admin/tenants/user/{own.pk}/deactivate/")
    assert answer.status_code == 400
    assert operator.get("/admin/").status_code == 200


def test_an_address_is_vouched_for_where_no_mail_can_reach(operator: Operator) -> None:
    email = f"ann-{uuid4().hex}@corp.example"
    with platform_context():
        first, second = (
            create_account(email=email, name="Ann", password=prepare_password(PASSWORD))
            for _ in range(2)
        )
    operator.perform(f"/admin/tenants/user/{first.pk}/confirm/")
    with platform_context():
        first.refresh_from_db()
    assert first.confirmed_at is not None
    # An address is one account's, once it is proved.
    for user in (first, second):
        answer = operator.post(f"/admin/tenants/user/{user.pk}/confirm/")
        assert answer.status_code == 409
    with platform_context():
        second.refresh_from_db()
        User.objects.filter(pk__in=[first.pk, second.pk]).delete()
    assert second.confirmed_at is None


def test_nobody_is_not_found(operator: Operator) -> None:
    for action in ("suspend", "resume", "plan", "override"):
        missing = "/admin/tenants/tenant/00000000-0000-7000-8000-000000000000"
        assert operator.get(f"{missing}/{action}/").status_code == 404
        assert operator.post(f"{missing}/{action}/", {"reason": "x"}).status_code == 404
