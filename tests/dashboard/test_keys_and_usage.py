"""The pages of API keys and of usage."""

import csv
import re
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import UsageRecord
from conversations.chatbots.onboarding import Workspace
from core.errors import Unauthenticated
from tenants.context import tenant_context
from tenants.keys import api_keys
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import signed_in

FORM = {"name": "Importer", "scopes": ["documents:write"], "days": "90"}


def test_a_key_is_shown_once_and_works_until_it_is_revoked(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant, "admin") as admin:
        made = admin.post("/keys/create", FORM)
        assert (made.status_code, made.headers["location"]) == (302, "/keys")
        found = re.search(r"cb_sk_live_\w+", admin.get("/keys").text)
        assert found is not None
        identity = api_keys.authenticate(found[0])
        assert identity.scopes == {"documents:write"}
        again = admin.get("/keys").text
        assert "Importer" in again
        assert found[0] not in again
        assert admin.post(f"/keys/{identity.key_id}/revoke").status_code == 302
        with pytest.raises(Unauthenticated):
            api_keys.authenticate(found[0])
        assert "Importer" not in admin.get("/keys").text


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        ({"name": ""}, "id_name"),
        ({"name": "x" * 81}, "id_name"),
        ({"scopes": []}, "id_scopes"),
        ({"scopes": ["everything"]}, "id_scopes"),
        ({"days": "4"}, "id_days"),
    ],
)
def test_a_bad_key_is_told_beside_its_field(
    web: Process, tenant: TenantRef, changed: dict[str, object], beside: str
) -> None:
    with signed_in(web, tenant, "admin") as admin:
        answer = admin.post("/keys/create", {**FORM, **changed})
    assert answer.status_code == 400
    assert f'id="{beside}_error"' in answer.text
    assert api_keys.list_keys(tenant.id).keys == ()


def test_another_workspaces_key_is_not_there(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    foreign = api_keys.issue_secret_key(tenant_id=other_tenant.id)
    with signed_in(web, tenant) as owner:
        assert owner.post(f"/keys/{foreign.key.id}/revoke").status_code == 404
        assert owner.post(f"/keys/{uuid4()}/revoke").status_code == 404
    assert api_keys.authenticate(foreign.raw).tenant_id == other_tenant.id


def use(workspace: Workspace, model: str, cost: str) -> None:
    with tenant_context(workspace.tenant.id):
        UsageRecord.objects.create(
            turn_id=uuid4(),
            provider="offline",
            model=model,
            tokens_in=100,
            tokens_out=20,
            source="reported",
            input_per_million=1,
            output_per_million=1,
            cost=Decimal(cost),
        )


def test_usage_is_charted_tabled_and_exported(web: Process, workspace: Workspace) -> None:
    for cost in ("0.25", "0.50"):
        use(workspace, "gpt-5-mini", cost)
    use(workspace, "offline", "0")
    with signed_in(web, workspace.tenant, "viewer") as viewer:
        page = viewer.get("/usage")
        export = viewer.get("/usage.csv?days=7")
    assert page.status_code == 200
    assert page.text.count('<rect class="series-1"') >= 2
    assert "$0.75" in page.text
    rows = list(csv.DictReader(export.text.splitlines()))
    assert {row["model"]: (row["turns"], Decimal(row["cost_usd"])) for row in rows} == {
        "gpt-5-mini": ("2", Decimal("0.75")),
        "offline": ("1", Decimal(0)),
    }


@pytest.mark.parametrize("days", ["0", "31", "-1", "x", "9" * 40])
def test_an_odd_span_is_refused(web: Process, tenant: TenantRef, days: str) -> None:
    with signed_in(web, tenant) as owner:
        answer = owner.get(f"/usage?days={days}")
    assert answer.status_code == (200 if days == "0" else 400)
