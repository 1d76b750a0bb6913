"""Tickets tried again and cancelled; plans and prices; nothing that was charged is rewritten."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from billing.catalog.models import Plan, Price
from billing.selectors import price_of
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.live import Process
from tests.operator.conftest import Operator, text_of
from tests.pages import PLATFORM, PageClient


def document_with_ticket(tenant: TenantRef, *, failed: bool = False) -> tuple[UUID, WorkTicket]:
    """Due tomorrow, and failed already if asked: a worker of another test must not take it."""
    tickets = WorkTicket.objects.filter(tenant_id=tenant.id)
    with tenant_context(tenant.id), transaction.atomic():
        document_id = create_document(filename="a.txt", content=b"words of a document")[0].id
        if failed:
            Document.objects.filter(pk=document_id).update(status="failed", error="It failed.")
        with platform_context():
            tickets.update(
                due_at=timezone.now() + timedelta(days=1),
                **({"status": "failed", "attempts": 5} if failed else {}),
            )
            return document_id, tickets.get()


def document_of(tenant: TenantRef, document_id: UUID) -> tuple[str, str]:
    with tenant_context(tenant.id):
        row = Document.objects.get(pk=document_id)
    return row.status, row.error


def ticket_status(ticket: WorkTicket) -> str:
    with platform_context():
        return str(WorkTicket.objects.get(pk=ticket.pk).status)


def test_a_waiting_ticket_is_cancelled_and_its_document_says_so(
    operator: Operator, tenant: TenantRef
) -> None:
    document_id, ticket = document_with_ticket(tenant)
    path = f"/admin/tenants/workticket/{ticket.pk}"
    assert operator.post(f"{path}/retry/").status_code == 409
    operator.perform(f"{path}/cancel/")
    assert ticket_status(ticket) == "cancelled"
    status, error = document_of(tenant, document_id)
    assert (status, "called off" in error) == ("failed", True)
    assert operator.post(f"{path}/cancel/").status_code == 409


def test_a_failed_ticket_is_tried_again_and_its_document_waits(
    operator: Operator, tenant: TenantRef
) -> None:
    document_id, ticket = document_with_ticket(tenant, failed=True)
    operator.perform(f"/admin/tenants/workticket/{ticket.pk}/retry/")
    # It is due now, so a worker of another test may have begun.
    assert ticket_status(ticket) in {"waiting", "running", "done"}
    status, error = document_of(tenant, document_id)
    assert (status in {"queued", "processing", "ready"}, error) == (True, "")


def test_tickets_are_found_by_status_kind_and_workspace(
    operator: Operator, tenant: TenantRef
) -> None:
    _, ticket = document_with_ticket(tenant)
    listed = f"/admin/tenants/workticket/?q={tenant.slug}"
    assert str(ticket.pk) in operator.get(listed).text
    assert str(ticket.pk) in operator.get(f"{listed}&status__exact=waiting").text
    assert str(ticket.pk) not in operator.get(f"{listed}&status__exact=failed").text
    assert str(ticket.pk) not in operator.get(f"{listed}&kind=other").text


def price_fields(model: str, **given: str) -> dict[str, str]:
    soon = timezone.now() + timedelta(minutes=1)
    return {
        "model": model,
        "input_per_million": "1.5",
        "output_per_million": "6",
        "valid_from": f"{soon:%Y-%m-%dT%H:%M}",
        **given,
    }


def test_a_new_price_is_a_new_row_and_old_ones_stay(operator: Operator) -> None:
    now = f"{timezone.now():%Y-%m-%dT%H:%M}"
    answer = operator.post("/admin/catalog/price/add/", price_fields("model-a", valid_from=now))
    assert answer.status_code == 302
    assert price_of("model-a").input_per_million == 1.5
    for wrong in ({"valid_from": "2024-01-01T00:00"}, {"input_per_million": "-1"}, {"model": ""}):
        fields = {**price_fields("model-b"), **wrong}
        refused = operator.post("/admin/catalog/price/add/", fields)
        assert refused.status_code == 200
    with platform_context():
        assert not Price.objects.filter(model="model-b").exists()
        old = Price.objects.filter(model="gpt-5").earliest("valid_from")
    change = f"/admin/catalog/price/{old.pk}"
    assert operator.post(f"{change}/change/", price_fields("gpt-5")).status_code == 403
    assert operator.post(f"{change}/delete/", {"post": "yes"}).status_code == 403
    with platform_context():
        assert Price.objects.get(pk=old.pk).input_per_million == old.input_per_million


@pytest.fixture
def trial() -> Iterator[Plan]:
    """A plan of the test's own; start pages of other tests show it while it is public."""
    code = f"p{uuid4().hex[:12]}"
    limits = dict.fromkeys(("turns_per_minute", "visitor_turns_per_minute", "documents"), 1)
    with platform_context():
        plan = Plan.objects.create(
            code=code, name=f"Trial {code}", messages_per_month=5, cost_per_month=1, **limits
        )
    yield plan
    with platform_context():
        plan.delete()


def plan_fields(plan: Plan, **given: str) -> dict[str, str]:
    return {
        "name": plan.name,
        "messages_per_month": "7",
        "cost_per_month": "2",
        "turns_per_minute": "1",
        "visitor_turns_per_minute": "1",
        "documents": "3",
        "position": "0",
        **given,
    }


def test_a_plan_is_edited_and_never_removed(operator: Operator, trial: Plan) -> None:
    path, fields = f"/admin/catalog/plan/{trial.code}", plan_fields(trial, code="free")
    assert operator.post(f"{path}/change/", fields).status_code == 302
    assert operator.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    code = trial.code
    with platform_context():
        trial.refresh_from_db()
    assert (trial.code, trial.messages_per_month, trial.documents) == (code, 7, 3)


def test_a_plan_s_price_is_checked_kept_and_told_on_the_start_page(
    operator: Operator, trial: Plan, web: Process
) -> None:
    path = f"/admin/catalog/plan/{trial.code}"
    for price, currency, told in (
        ("29.50", "", "A price needs its currency."),
        ("29.50", "eur", "in capitals, such as EUR"),
        ("29.50", "QQQ", "in capitals, such as EUR"),
        ("29.50", "JPY", "JPY has no smaller unit"),
        ("-1", "EUR", "greater than or equal to 0"),
        ("29.505", "EUR", "no more than 2 decimal places"),
    ):
        fields = plan_fields(trial, is_public="on", price_per_month=price, currency=currency)
        refused = operator.post(f"{path}/change/", fields)
        assert (refused.status_code, told in refused.text) == (200, True), (price, currency)
    with PageClient(web, PLATFORM) as anybody:
        assert trial.name not in anybody.get("/").text
        fields = plan_fields(trial, price_per_month="1229.50", currency="EUR")
        fields |= {"is_public": "on", "description": "For a team with a shop"}
        assert operator.post(f"{path}/change/", fields).status_code == 302
        shown = eventually(lambda: text_of(anybody.get("/")).partition(trial.name)[2])
    assert shown.startswith(" 1,229.50 EUR a month For a team with a shop 7 questions a month")
    history = text_of(operator.get(f"{path}/history/"))
    assert operator.email in history
    assert "Currency" in history


def test_nothing_can_be_made_edited_or_removed_past_the_services(
    operator: Operator, tenant: TenantRef
) -> None:
    _, ticket = document_with_ticket(tenant)
    with platform_context():
        before = list(WorkTicket.objects.filter(pk=ticket.pk).values())
    for kind in ("tenant", "user", "membership", "apikey", "workticket"):
        assert operator.get(f"/admin/tenants/{kind}/add/").status_code == 403
    path = f"/admin/tenants/workticket/{ticket.pk}"
    assert operator.post(f"{path}/change/", {"status": "done"}).status_code == 403
    assert operator.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert operator.get("/admin/catalog/quotaoverride/add/").status_code == 403
    with platform_context():
        assert list(WorkTicket.objects.filter(pk=ticket.pk).values()) == before
    assert "waiting" in text_of(operator.get(f"{path}/change/")).lower()
