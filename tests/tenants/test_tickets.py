"""Work tickets: at least once, leased, fair, and never of a tenant that may not run."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core.errors import Conflict, NotFound
from tenants.context import (
    PLATFORM,
    ScopeError,
    current_tenant_id,
    platform_context,
    run_in_scope,
    tenant_context,
)
from tenants.models import Tenant, WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.work import tickets
from tenants.work.tasks import work_tickets
from tests.eventually import eventually

KIND = "test_work"


@pytest.fixture(autouse=True)
def only_these_tickets() -> Iterator[None]:
    """Other tests' tickets are of other kinds; this registry knows this kind alone."""
    before = dict(tickets._registry)
    tickets._registry.clear()
    with platform_context():
        WorkTicket.objects.filter(kind=KIND).delete()
    yield
    tickets._registry.clear()
    tickets._registry.update(before)


def enqueue(tenant: TenantRef, **payload: object) -> UUID:
    with tenant_context(tenant.id):
        return tickets.enqueue(KIND, dict(payload))


def row(ticket_id: UUID) -> WorkTicket:
    with platform_context():
        return WorkTicket.objects.get(pk=ticket_id)


def test_a_ticket_runs_in_its_tenant_and_is_done(tenant: TenantRef) -> None:
    seen: list[tuple[UUID, object]] = []
    tickets.handles(KIND)(lambda ticket: seen.append((current_tenant_id(), ticket.payload)))
    ticket_id = enqueue(tenant, document="7")
    assert tickets.run_next() is True
    assert tickets.run_next() is False
    assert seen == [(tenant.id, {"document": "7"})]
    assert row(ticket_id).status == "done"


def test_a_ticket_of_a_rolled_back_transaction_never_was(tenant: TenantRef) -> None:
    tickets.handles(KIND)(lambda ticket: None)
    with pytest.raises(RuntimeError), tenant_context(tenant.id), transaction.atomic():
        tickets.enqueue(KIND, {})
        raise RuntimeError
    assert tickets.run_next() is False


def test_a_ticket_needs_a_tenant() -> None:
    with platform_context(), pytest.raises(ScopeError):
        tickets.enqueue(KIND, {})


def test_a_failing_ticket_is_tried_again_later_and_then_given_up(tenant: TenantRef) -> None:
    given_up: list[UUID] = []

    def fail(ticket: tickets.Ticket) -> None:
        raise RuntimeError("no luck")

    tickets.handles(KIND, on_give_up=lambda ticket: given_up.append(ticket.id))(fail)
    with tenant_context(tenant.id):
        ticket_id = tickets.enqueue(KIND, {}, max_attempts=2)
    assert tickets.run_next() is True
    waiting = row(ticket_id)
    assert (waiting.status, waiting.attempts) == ("waiting", 1)
    assert waiting.due_at > timezone.now()
    assert tickets.run_next() is False
    with platform_context():
        WorkTicket.objects.filter(pk=ticket_id).update(due_at=timezone.now())
    assert tickets.run_next() is True
    assert row(ticket_id).status == "failed"
    assert "no luck" in row(ticket_id).error
    assert given_up == [ticket_id]


def test_what_is_postponed_uses_up_no_try(tenant: TenantRef) -> None:
    def wait(ticket: tickets.Ticket) -> None:
        raise tickets.Postponed

    tickets.handles(KIND)(wait)
    with tenant_context(tenant.id):
        ticket_id = tickets.enqueue(KIND, {}, max_attempts=1)
    for _ in range(3):
        assert tickets.run_next() is True
        assert (row(ticket_id).status, row(ticket_id).attempts) == ("waiting", 0)
        assert row(ticket_id).due_at > timezone.now()
        assert tickets.run_next() is False
        with platform_context():
            WorkTicket.objects.filter(pk=ticket_id).update(due_at=timezone.now())


def test_a_permanent_failure_is_not_tried_again(tenant: TenantRef) -> None:
    def fail(ticket: tickets.Ticket) -> None:
        raise tickets.PermanentFailure("the file is broken")

    tickets.handles(KIND)(fail)
    ticket_id = enqueue(tenant)
    tickets.run_next()
    assert (row(ticket_id).status, row(ticket_id).attempts) == ("failed", 1)


def test_a_lease_that_ran_out_is_taken_over_and_the_first_holder_cannot_write(
    tenant: TenantRef,
) -> None:
    tickets.handles(KIND, lease_seconds=30)(lambda ticket: None)
    ticket_id = enqueue(tenant)
    first = tickets.claim()
    assert first is not None
    assert tickets.claim() is None
    with platform_context():
        WorkTicket.objects.filter(pk=ticket_id).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
    second = tickets.claim()
    assert second is not None
    assert second.attempts == 2
    with pytest.raises(tickets.LeaseLost):
        tickets.heartbeat(first)
    tickets._finish(first, "failed")
    assert row(ticket_id).status == "running"
    tickets.heartbeat(second)


def test_a_ticket_whose_workers_always_die_is_given_up(tenant: TenantRef) -> None:
    ran: list[UUID] = []
    tickets.handles(KIND)(lambda ticket: ran.append(ticket.id))
    ticket_id = enqueue(tenant)
    with platform_context():
        WorkTicket.objects.filter(pk=ticket_id).update(
            status="running", attempts=5, lease_until=timezone.now() - timedelta(seconds=1)
        )
    tickets.run_next()
    assert ran == []
    assert row(ticket_id).status == "failed"


def test_one_tenants_pile_does_not_starve_another(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    tickets.handles(KIND)(lambda ticket: None)
    for _ in range(20):
        enqueue(tenant)
    enqueue(other_tenant)
    owners = [claimed.tenant_id for claimed in (tickets.claim(), tickets.claim()) if claimed]
    assert owners == [tenant.id, other_tenant.id]


def test_one_tenant_never_has_more_tickets_running_than_its_share(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    tickets.handles(KIND)(lambda ticket: None)
    for _ in range(5):
        enqueue(tenant)
    first, second = tickets.claim(), tickets.claim()
    assert first is not None
    assert (first.tenant_id, second) == (tenant.id, None)
    enqueue(other_tenant)
    third = tickets.claim()
    assert third is not None
    assert third.tenant_id == other_tenant.id


def test_a_ticket_of_whose_worker_nothing_is_heard_takes_no_place(tenant: TenantRef) -> None:
    tickets.handles(KIND, lease_seconds=30)(lambda ticket: None)
    for _ in range(settings.TICKETS_PER_TENANT + 1):
        enqueue(tenant)
    held = [ticket for _ in range(settings.TICKETS_PER_TENANT) if (ticket := tickets.claim())]
    assert len(held) == settings.TICKETS_PER_TENANT
    assert tickets.claim() is None
    heard = WorkTicket.objects.filter(pk=held[0].id)
    with platform_context():
        heard.update(lease_until=Now() + timedelta(seconds=30 - tickets._SILENT_SECONDS + 5))
    assert tickets.claim() is None
    with platform_context():
        heard.update(lease_until=Now() + timedelta(seconds=30 - tickets._SILENT_SECONDS - 1))
    another = tickets.claim()
    assert another is not None
    # It is nobody else's yet.
    assert another.id not in {ticket.id for ticket in held}


def test_a_lease_is_extended_while_one_long_step_runs(tenant: TenantRef) -> None:
    tickets.handles(KIND, lease_seconds=1)(lambda ticket: None)
    enqueue(tenant)
    ticket = tickets.claim()
    assert ticket is not None
    first = lease_of(ticket)
    with tickets.kept_alive(partial(tickets.heartbeat, ticket), every=0.1, at_most=60):
        # Beyond the lease that it was claimed with.
        eventually(lambda: lease_of(ticket) > first + timedelta(seconds=1.5))
        assert tickets.claim() is None
    again = eventually(tickets.claim)
    assert again is not None
    assert again.id == ticket.id


def lease_of(ticket: tickets.Ticket) -> datetime:
    with platform_context():
        until = WorkTicket.objects.get(pk=ticket.id).lease_until
    assert until is not None
    return until


def test_a_step_that_hangs_loses_its_lease(tenant: TenantRef) -> None:
    tickets.handles(KIND, lease_seconds=1)(lambda ticket: None)
    enqueue(tenant)
    ticket = tickets.claim()
    assert ticket is not None
    with tickets.kept_alive(partial(tickets.heartbeat, ticket), every=0.1, at_most=0.2):
        assert eventually(tickets.claim) is not None


@pytest.mark.parametrize("status", ["suspended", "erasing"])
def test_a_tenant_that_is_not_active_is_not_worked_for(tenant: TenantRef, status: str) -> None:
    tickets.handles(KIND)(lambda ticket: None)
    enqueue(tenant)
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status=status)
    assert tickets.claim() is None


def test_many_workers_claim_each_ticket_once(make_tenant: Callable[[], TenantRef]) -> None:
    tickets.handles(KIND)(lambda ticket: None)
    ids = {enqueue(make_tenant()) for _ in range(12)}
    claimed: list[UUID] = []

    def work() -> None:
        while ticket := tickets.claim():
            claimed.append(ticket.id)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(ids)


def fail_once_for_all(tenant: TenantRef, on_reopen: tickets.Handler) -> UUID:
    def fail(ticket: tickets.Ticket) -> None:
        raise tickets.PermanentFailure("no luck")

    tickets.handles(KIND, on_reopen=on_reopen)(fail)
    ticket_id = enqueue(tenant)
    assert tickets.run_next() is True
    return ticket_id


def test_a_failed_ticket_is_tried_again_from_its_first_attempt(tenant: TenantRef) -> None:
    reopened: list[tuple[UUID, UUID]] = []
    ticket_id = fail_once_for_all(
        tenant, on_reopen=lambda ticket: reopened.append((ticket.id, current_tenant_id()))
    )
    tickets.retry_failed(ticket_id)
    again = row(ticket_id)
    assert (again.status, again.attempts, again.finished_at) == ("waiting", 0, None)
    assert reopened == [(ticket_id, tenant.id)]
    with pytest.raises(Conflict):
        tickets.retry_failed(ticket_id)
    assert len(reopened) == 1
    tickets.handles(KIND)(lambda ticket: None)
    assert tickets.run_next() is True
    assert row(ticket_id).status == "done"


def test_a_waiting_ticket_is_cancelled_and_never_run(tenant: TenantRef) -> None:
    ran: list[UUID] = []
    cancelled: list[tuple[UUID, UUID]] = []
    tickets.handles(
        KIND, on_cancel=lambda ticket: cancelled.append((ticket.id, current_tenant_id()))
    )(lambda ticket: ran.append(ticket.id))
    ticket_id = enqueue(tenant)
    tickets.cancel_waiting(ticket_id)
    assert tickets.run_next() is False
    assert (row(ticket_id).status, ran, cancelled) == ("cancelled", [], [(ticket_id, tenant.id)])
    with pytest.raises(Conflict):
        tickets.cancel_waiting(ticket_id)
    with pytest.raises(NotFound):
        tickets.cancel_waiting(tenant.id)


def test_what_goes_wrong_in_a_hook_leaves_the_ticket_as_it_was(tenant: TenantRef) -> None:
    def broken(ticket: tickets.Ticket) -> None:
        raise RuntimeError

    ticket_id = fail_once_for_all(tenant, on_reopen=broken)
    with pytest.raises(RuntimeError):
        tickets.retry_failed(ticket_id)
    assert row(ticket_id).status == "failed"


def test_a_thread_of_the_worker_stays_for_mail(make_tenant: Callable[[], TenantRef]) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def last(ticket: tickets.Ticket) -> None:
        begun.release()
        assert go_on.wait(60)

    tickets.handles(KIND)(last)
    for _ in range(settings.WORKER_CONCURRENCY + 1):
        enqueue(make_tenant())
    do = partial(run_in_scope, PLATFORM, work_tickets.run)
    with ThreadPoolExecutor() as pool:
        try:
            busy = [pool.submit(do) for _ in range(settings.WORKER_CONCURRENCY)]
            for _ in busy:
                assert begun.acquire(timeout=30)
            assert pool.submit(do).result(timeout=30) == 0
        finally:
            go_on.set()
    # And the one that was left is done by whoever is ready first.
    assert sum(each.result() for each in busy) == settings.WORKER_CONCURRENCY + 1
