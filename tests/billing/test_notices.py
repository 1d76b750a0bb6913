"""Owners and admins hear once that a month's limit is nearly used, and once that it is."""

import threading
from datetime import timedelta
from uuid import UUID

from django.core import mail
from django.db import connections
from django.utils import timezone

from billing import quotas
from billing.catalog.models import QuotaOverride
from billing.models import QuotaNotice
from billing.notices import send_notices
from billing.selectors import TurnTerms, plan_limits, price_of
from conversations.chatbots.onboarding import Workspace
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.work.tickets import Ticket
from tests.eventually import eventually
from tests.live import Process
from tests.mailbox import mails_to, text_of, wait_for_mail
from tests.pages import make_member, signed_in


def limit_messages(tenant_id: UUID, messages: int) -> None:
    with platform_context():
        QuotaOverride.objects.create(
            tenant_id=tenant_id,
            messages_per_month=messages,
            reason="test",
            created_by="test",
            expires_at=timezone.now() + timedelta(days=1),
        )


def use(tenant_id: UUID) -> None:
    """One turn from its reservation to its charge."""
    terms = TurnTerms(plan_limits(tenant_id), "offline", price_of("offline"))
    turn_id = new_id()
    with tenant_context(tenant_id):
        quotas.reserve(turn_id=turn_id, terms=terms, max_tokens_in=9, max_tokens_out=9)
        quotas.settle(
            turn_id=turn_id,
            terms=terms,
            provider="offline",
            model="offline",
            tokens_in=1,
            tokens_out=1,
            source="estimated",
        )


def tickets(tenant_id: UUID) -> list[str]:
    with platform_context():
        found = WorkTicket.objects.filter(tenant_id=tenant_id, kind="quota_notice")
        return list(found.values_list("status", flat=True))


def test_each_threshold_is_one_mail_to_each_owner_and_admin(
    web: Process, worker: Process, workspace: Workspace
) -> None:
    tenant = workspace.tenant
    owner, admin, agent = (make_member(tenant, role) for role in ("owner", "admin", "agent"))
    limit_messages(tenant.id, 10)
    for _ in range(7):
        use(tenant.id)
    assert tickets(tenant.id) == []
    # A second worker takes the same tickets.
    with Process("worker"):
        use(tenant.id)
        for person in (owner, admin):
            text = text_of(wait_for_mail(person.email))
            assert "at least 80 %" in text and "8 of 10 messages" in text
            assert "/usage" in text and "00:00 UTC" in text
        with signed_in(web, tenant, "admin") as other:
            assert "At least 80 % of this month" in other.get("/").text
        use(tenant.id)
        use(tenant.id)
        for person in (owner, admin):
            assert "is used up" in text_of(wait_for_mail(person.email, 2))
        eventually(lambda: tickets(tenant.id) == ["done", "done"])
    assert [len(mails_to(each.email)) for each in (owner, admin, agent)] == [2, 2, 0]
    with signed_in(web, tenant, "admin") as other:
        assert "limit is used up" in other.get("/knowledge").text
    with signed_in(web, tenant, "agent") as other:
        assert "limit is used up" not in other.get("/knowledge").text
    # A larger plan ends the banner, and of its limit they hear anew.
    limit_messages(tenant.id, 14)
    use(tenant.id)
    use(tenant.id)
    for person in (owner, admin):
        assert "12 of 14 messages" in text_of(wait_for_mail(person.email, 3))
    with signed_in(web, tenant, "admin") as other:
        assert "At least 80 % of this month" in other.get("/").text
    limit_messages(tenant.id, 1000)
    with signed_in(web, tenant, "admin") as other:
        assert (
            "used" not in other.get("/knowledge").text.partition("<main")[2].partition("<form")[0]
        )


def test_two_workers_at_one_ticket_send_one_mail(workspace: Workspace) -> None:
    person = make_member(workspace.tenant, "owner")
    month = quotas.month_of(timezone.now()).isoformat()
    lease = {"lease_id": new_id(), "lease_seconds": 60, "attempts": 1, "max_attempts": 5}
    ticket = Ticket(
        id=new_id(),
        tenant_id=workspace.tenant.id,
        kind="quota_notice",
        payload={"month": month, "percent": 80, "messages_limit": 10, "cost_limit": "5"},
        **lease,  # type: ignore[arg-type]
    )
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        try:
            with tenant_context(workspace.tenant.id):
                send_notices(ticket)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_context(workspace.tenant.id):
        assert QuotaNotice.objects.filter(recipient=str(person.id)).count() == 1
    assert [each.to for each in mail.outbox if each.to == [person.email]] == [[person.email]]
