"""Tickets tried again and cancelled; plans and prices; nothing that was charged is rewritten."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing.catalog.models import Plan, Price
from billing.selectors import price_of
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tests.operator.conftest import Operator, text_of


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


def test_a_plan_is_edited_and_never_removed(operator: Operator) -> None:
    with platform_context():
        plan = Plan.objects.create(
            code="trial",
            name="Trial",
            messages_per_month=5,
            cost_per_month=1,
            turns_per_minute=1,
            visitor_turns_per_minute=1,
            documents=1,
        )
    fields = {
        "name": "Trial",
        "messages_per_month": "7",
        "cost_per_month": "2",
        "turns_per_minute": "1",
        "visitor_turns_per_minute": "1",
        "documents": "3",
        "code": "free",
    }
    assert operator.post("/admin/catalog/plan/trial/change/", fields).status_code == 302
    assert operator.post("/admin/catalog/plan/trial/delete/", {"post": "yes"}).status_code == 403
    with platform_context():
        plan.refresh_from_db()
        assert (plan.code, plan.messages_per_month, plan.documents) == ("trial", 7, 3)
        plan.delete()


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
