"""Costs: what the page and the CSV say is what the workspaces' own usage records add up to."""

import csv
import io
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from billing.catalog.models import TenantUsageDay
from billing.costs import this_month
from billing.models import UsageRecord
from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tests.billing.test_days import charge
from tests.operator.conftest import Operator, text_of

Row = dict[str, str]


def exported(operator: Operator, month: str = "") -> list[Row]:
    answer = operator.get(f"/admin/costs.csv?month={month}" if month else "/admin/costs.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def of(workspace: Workspace, rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["workspace"] == workspace.tenant.slug]


def test_the_export_adds_up_to_the_usage_records(operator: Operator, workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        for model in ("gpt-5-mini", "gpt-5-mini", "gpt-5"):
            charge(workspace.tenant, model)
        records = UsageRecord.objects.aggregate(
            total=Sum("cost"), into=Sum("tokens_in"), out=Sum("tokens_out")
        )
    rows = exported(operator)
    own = of(workspace, rows)
    assert [(row["model"], row["answers"]) for row in own] == [("gpt-5", "1"), ("gpt-5-mini", "2")]
    assert sum(Decimal(row["cost_usd"]) for row in own) == records["total"]
    assert sum(int(row["tokens_in"]) for row in own) == records["into"]
    assert sum(int(row["tokens_out"]) for row in own) == records["out"]
    assert rows[-1]["workspace"] == "total"
    assert sum(Decimal(row["cost_usd"]) for row in rows[:-1]) == Decimal(rows[-1]["cost_usd"])
    assert sum(int(row["answers"]) for row in rows[:-1]) == int(rows[-1]["answers"])


def test_a_month_is_its_own(operator: Operator, workspace: Workspace) -> None:
    with platform_context():
        for day in (date(2001, 2, 1), date(2001, 2, 28), date(2001, 1, 31), date(2001, 3, 1)):
            TenantUsageDay.objects.create(
                tenant_id=workspace.tenant.id,
                day=day,
                model="gpt-5",
                turns=1,
                tokens_in=1,
                tokens_out=1,
                cost=Decimal("0.000000001"),
            )
    rows = exported(operator, "2001-02")
    assert [row["answers"] for row in rows] == ["2", "2"]
    assert [row["cost_usd"] for row in rows] == ["0.000000002"] * 2
    assert workspace.tenant.slug in text_of(operator.get("/admin/costs/?month=2001-02"))
    assert workspace.tenant.slug not in text_of(operator.get("/admin/costs/?month=2001-05"))


def test_a_month_that_is_none_is_refused(operator: Operator) -> None:
    for wrong in ("2001-13", "now", "2001-02-03", "0", "9999-12", "0001-01", "１９９９-01"):
        for path in ("/admin/costs/", "/admin/costs.csv"):
            assert operator.get(f"{path}?month={wrong}").status_code == 400, wrong


def test_a_name_is_no_formula(operator: Operator, workspace: Workspace) -> None:
    with platform_context():
        Tenant.objects.filter(pk=workspace.tenant.id).update(name='=HYPERLINK("http://evil")')
    with tenant_context(workspace.tenant.id):
        charge(workspace.tenant)
    (row,) = of(workspace, exported(operator))
    assert row["name"].startswith("'=")
    assert row["month"] == f"{this_month():%Y-%m}"
