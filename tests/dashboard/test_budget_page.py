"""A workspace's own budget, through its two doors: the page of the usage, and the API."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.utils import timezone

from billing.budgets import read_budget, set_budget
from billing.models import QuotaPeriod
from billing.quotas import month_of
from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tenants.keys.api_keys import mint_secret_key
from tests.live import Process
from tests.pages import PageClient, make_member, signed_in

FORM = {"amount": "12.5", "alert_thresholds": "50 %, 80"}


def budget_of(page: str) -> str:
    """The words of the page's part about the budget."""
    found = page.partition('id="budget"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_an_admin_sets_it_and_a_viewer_reads_it(web: Process, workspace: Workspace) -> None:
    tenant = workspace.tenant
    chosen = make_member(tenant, "agent")
    with (
        signed_in(web, tenant, "admin") as admin,
        signed_in(web, tenant, "viewer") as viewer,
    ):
        assert "Owners and admins are alerted" in budget_of(admin.get("/usage").text)
        done = admin.post("/usage/budget", {**FORM, "alert_recipients": [str(chosen.id)]})
        assert (done.status_code, done.headers["location"]) == (302, "/usage")
        page = admin.get("/usage").text
        assert "The budget counts from the next question on." in page
        said = budget_of(page)
        assert "$0.00 of $12.50 used this month" in said
        assert "1 member is alerted" in said and "The plan's own limit of $5.00 comes" in said
        assert re.search(r"Last changed by Robin Tester , \d+ \w+ \d{4}", said)
        assert 'value="12.50"' in page and 'value="50, 80"' in page
        shown = viewer.get("/usage").text
        assert "Save the budget" not in shown and "$12.50" in budget_of(shown)
        assert viewer.post("/usage/budget", {"amount": "99"}).status_code == 403
        assert admin.post("/usage/budget", {"amount": ""}).status_code == 302
        assert "There is no budget" in admin.get("/usage").text
    with tenant_context(tenant.id):
        found = read_budget()
    assert (found.amount, found.alert_thresholds, found.recipients) == (None, (), ())


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        ({"amount": "12,50"}, "id_amount"),
        ({"amount": "0"}, "id_amount"),
        ({"amount": "1e9"}, "id_amount"),
        ({"amount": "nan"}, "id_amount"),
        ({"alert_thresholds": "half"}, "id_alert_thresholds"),
        ({"alert_thresholds": "0, 50"}, "id_alert_thresholds"),
        ({"alert_thresholds": "1 2 3 4 5 6"}, "id_alert_thresholds"),
        ({"alert_recipients": ["01a1fd78-516d-74f9-be07-1de5be77378b"]}, "id_alert_recipients"),
    ],
)
def test_what_is_none_is_told_beside_its_field(
    web: Process, workspace: Workspace, changed: dict[str, Any], beside: str
) -> None:
    with signed_in(web, workspace.tenant, "owner") as owner:
        answer = owner.post("/usage/budget", {**FORM, **changed})
    assert answer.status_code == 400
    assert f'id="{beside}_error"' in answer.text
    # From here as well they lead to the page, and not to where the form was sent.
    assert answer.text.count('href="/usage?days=') == 4
    assert '<a href="/usage" aria-current="page">' in answer.text
    with tenant_context(workspace.tenant.id):
        assert read_budget().updated_at is None


def api(web: Process, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=f"{web.url}/v1", headers=headers, trust_env=False, timeout=30)


def test_the_api_sets_reads_and_removes_it(web: Process, workspace: Workspace) -> None:
    member = make_member(workspace.tenant, "viewer")
    with api(web, workspace.secret_key) as http:
        first = http.get("/budget").json()
        assert (first["amount"], first["alert_thresholds"], first["updated_by"]) == (
            None, [80, 100], None,
        )  # fmt: skip
        sent = {"amount": "0.05", "alert_thresholds": [90], "alert_recipients": [member.email]}
        done = http.put("/budget", json=sent)
        assert done.status_code == 200
        assert {name: done.json()[name] for name in sent} == sent
        assert done.json() == http.get("/budget").json()
        assert http.get("/usage").json()["budget"] == "0.050000000"
        # What is left out is as at first.
        again = http.put("/budget", json={"amount": "3.00"}).json()
        assert (again["alert_thresholds"], again["alert_recipients"]) == ([80, 100], [])
        assert [http.delete("/budget").status_code for _ in range(2)] == [204, 204]
        assert http.get("/budget").json()["amount"] is None


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, "amount"),
        ({"amount": 5}, "amount"),
        ({"amount": "5 dollars"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "5.001"}, "amount"),
        ({"amount": "9999999"}, "amount"),
        ({"amount": "5", "alert_thresholds": [0]}, "alert_thresholds"),
        ({"amount": "5", "alert_thresholds": [1, 2, 3, 4, 5, 6]}, "alert_thresholds"),
        ({"amount": "5", "alert_recipients": ["nobody@example.org"]}, "alert_recipients"),
        ({"amount": "5", "currency": "EUR"}, "currency"),
    ],
)
def test_a_refusal_of_the_api_names_the_member(
    web: Process, workspace: Workspace, sent: dict[str, Any], param: str
) -> None:
    with api(web, workspace.secret_key) as http:
        answer = http.put("/budget", json=sent)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert answer.headers["content-type"] == "application/problem+json"
        assert http.get("/budget").json()["updated_at"] is None


def test_a_key_that_may_only_read_sets_nothing(web: Process, workspace: Workspace) -> None:
    key = mint_secret_key(tenant_id=workspace.tenant.id, scopes=["usage:read"])
    with api(web, key) as http:
        assert http.put("/budget", json={"amount": "5.00"}).status_code == 403
        assert http.delete("/budget").status_code == 403
        assert http.get("/budget").json()["amount"] is None


def test_a_spent_budget_says_so_on_every_page(web: Process, workspace: Workspace) -> None:
    tenant = workspace.tenant
    with tenant_context(tenant.id):
        QuotaPeriod.objects.create(starts_on=month_of(timezone.now()), cost_used=Decimal("1.50"))
        set_budget(amount=Decimal("1.00"))
    with PageClient(web, tenant.host).log_in(make_member(tenant, "owner")) as owner:
        banner = owner.get("/knowledge").text
        assert "This workspace's budget for the month is used up" in banner
        assert 'href="/usage#budget"' in banner
        assert "Used up" in budget_of(owner.get("/usage").text)
        owner.post("/usage/budget", {"amount": "2.00"})
        assert "is used up" not in owner.get("/knowledge").text
