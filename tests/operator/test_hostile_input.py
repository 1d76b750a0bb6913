"""Nothing that can be typed into the admin is an error of ours: every list, every form, every address."""

from decimal import Decimal
from typing import Any

import pytest

from billing.catalog.models import Plan, Price, QuotaOverride
from chatbot_saas.backoffice.site import site
from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.context import platform_context
from tests.operator.conftest import MODELS, Operator, text_of
from tests.operator.test_access import every_route

HOSTILE = ("\0", "2147483648", "9" * 400, "1e999", "'\"<", "9999-12-31T23:59")
# For what every list understands alike.
COMMON = {
    "q": ("\0", "%", "'\"\\", "x" * 5000),
    "p": ("\0", "-1", "99999999999999999999", "x"),
    "o": ("\0", "-", "99999999999999999999", "1.-1.x"),
    "_to_field": ("\0", "nothing"),
    "e": ("\0", "2"),
    "_facets": ("\0", "x"),
    "all": ("\0", ""),
    "no_such_column": ("\0", "x"),
}
INTEGERS = ("messages_per_month", "turns_per_minute", "documents")


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return create_workspace(slug="typed-into", name="Typed into")


def path_of(model: Any) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def filters_of(model: Any) -> list[str]:
    """What its filters are called in an address."""
    names: list[str] = []
    for each in site.get_model_admin(model).list_filter:
        if isinstance(each, type):
            names.append(str(getattr(each, "parameter_name", "")))
        else:
            field = each if isinstance(each, str) else str(each[0])
            names += [field, *(f"{field}__{end}" for end in ("exact", "isnull", "isempty"))]
    return names


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model._meta.label))
def test_a_list_answers_whatever_it_is_asked(model: Any, operator: Operator) -> None:
    asked = [(name, value) for name, values in COMMON.items() for value in values]
    asked += [(name, value) for name in filters_of(model) for value in ("\0", "x", "9" * 400)]
    for name, value in asked:
        answer = operator.get(path_of(model), params={name: value})
        assert answer.status_code < 500, (name, value[:20])
        if value == "\0":
            assert answer.status_code == 400, name


def test_no_address_of_the_admin_breaks(operator: Operator) -> None:
    for path in every_route():
        if path != "/admin":
            assert operator.get(path, params={"x": "\0"}).status_code < 500, path
    for model in MODELS:
        for object_id in ("%00", "a%00b", "0" * 400, "%2500", "_00", "%ff", "-1"):
            for page in ("change", "history", "delete"):
                path = f"{path_of(model)}{object_id}/{page}/"
                answer = operator.get(path)
                assert answer.status_code < 500, path
                if "%00" in object_id:
                    assert answer.status_code in {400, 404}, path
    for params in ({"s": "x\0"}, {"s": "x", "page": "x"}, {"s": "x", "page": "99"}):
        assert operator.get("/admin/search/", params=params).status_code in {400, 404}
    for params in ({"term": "\0"}, {"app_label": "x", "model_name": "y", "field_name": "z"}):
        assert operator.get("/admin/autocomplete/", params=params).status_code in {400, 403, 404}
    assert operator.get("/admin/costs/", params={"month": "\0"}).status_code == 400


def forms_of(workspace: Workspace) -> dict[str, dict[str, str]]:
    """What each form of the admin is sent when nothing is wrong with it."""
    row = f"/admin/tenants/tenant/{workspace.tenant.id}"
    limits = dict.fromkeys(INTEGERS, "5") | {"cost_per_month": "5"}
    plan = {"name": "Typed", "visitor_turns_per_minute": "5", **limits}
    cost = {"input_per_million": "1", "output_per_million": "1"}
    return {
        f"{row}/override/": {"reason": "x", "expires_at": "2099-01-01T00:00", **limits},
        f"{row}/plan/": {"plan": "free"},
        f"{row}/suspend/": {"reason": "x"},
        "/admin/catalog/plan/typed/change/": plan,
        "/admin/catalog/plan/add/": {"code": "typed-new", **plan},
        "/admin/catalog/price/add/": {"model": "typed", "valid_from": "2099-01-01T00:00", **cost},
        "/admin/password_change/": {
            "old_password": "x",
            "new_password1": "y",
            "new_password2": "y",
        },
    }


def test_a_form_answers_whatever_is_typed_into_it(workspace: Workspace, operator: Operator) -> None:
    with platform_context():
        Plan.objects.create(code="typed", **_five())
    for path, fields in forms_of(workspace).items():
        for field in fields:
            for value in HOSTILE:
                answer = operator.post(path, {**fields, field: value})
                assert answer.status_code < 500, (path, field, value[:20])
                if value == "\0":
                    # Wrong passwords are counted and stopped, whatever else is in the form.
                    stopped = {429} if path == "/admin/password_change/" else set()
                    assert answer.status_code in {200, 400} | stopped, (path, field)
    with platform_context():
        Plan.objects.filter(code__startswith="typed").delete()
        Plan.objects.filter(name="Typed").delete()
        Price.objects.filter(input_per_million__lte=1, valid_from__year__gte=2099).delete()
        assert not Price.objects.filter(input_per_million__lt=0).exists()


def _five() -> dict[str, Any]:
    counts = dict.fromkeys((*INTEGERS, "visitor_turns_per_minute"), 5)
    return {"name": "Typed", "cost_per_month": Decimal(5), **counts}


@pytest.mark.parametrize("field", [*INTEGERS, "cost_per_month"])
def test_a_limit_is_no_more_than_its_column_holds(
    field: str, workspace: Workspace, operator: Operator
) -> None:
    row = f"/admin/tenants/tenant/{workspace.tenant.id}/override/"
    most = Decimal("99999999999.999999999") if field == "cost_per_month" else Decimal(2147483647)
    sent = {"reason": "as much as there is", "expires_at": "2099-01-01T00:00"}
    overrides = QuotaOverride.objects.filter(tenant_id=workspace.tenant.id)
    with platform_context():
        before = overrides.count()
    for wrong in (str(most + 1), "-1"):
        answer = operator.post(row, {**sent, field: wrong})
        assert answer.status_code == 400
        assert "Ensure" in text_of(answer)
    with platform_context():
        assert overrides.count() == before
    assert operator.post(row, {**sent, field: f"{most:f}"}).status_code == 302
    with platform_context():
        assert getattr(overrides.latest("created_at"), field) == most


@pytest.mark.parametrize("field", [*INTEGERS, "visitor_turns_per_minute", "cost_per_month"])
def test_a_plan_holds_no_limit_that_is_too_much_or_negative(field: str, operator: Operator) -> None:
    with platform_context():
        plan = Plan.objects.create(code="bounded", **_five())
    fields = {name: str(value) for name, value in _five().items()}
    try:
        for wrong in (
            "2147483648" if field in fields and field != "cost_per_month" else "1e11",
            "-1",
        ):
            answer = operator.post("/admin/catalog/plan/bounded/change/", {**fields, field: wrong})
            assert answer.status_code == 200
            assert "Ensure" in text_of(answer)
            with platform_context():
                plan.refresh_from_db()
                assert getattr(plan, field) == 5
    finally:
        with platform_context():
            plan.delete()
