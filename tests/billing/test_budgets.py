"""A workspace's own budget: set, lowered, raised and taken away, and who is alerted of it."""

import threading
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connections, transaction
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import timezone

from billing import quotas
from billing.budgets import find_recipients, read_budget, remove_budget, set_budget
from billing.models import Hold, QuotaNotice, QuotaPeriod
from billing.notices import current_notice
from billing.quotas_reached import MAX_TOLD
from billing.selectors import TurnTerms, plan_limits, price_of
from core.errors import BudgetExceeded, InvalidRequest, QuotaExceeded
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.models import Membership, WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.eventually import eventually
from tests.live import Process
from tests.mailbox import mails_to, text_of, wait_for_mail
from tests.pages import make_member

MODEL = "gpt-5-mini"
# What a turn of so many tokens, in and out, costs: 2.25 and 0.225 dollars.
LARGE, SMALL = 1_000_000, 100_000


@pytest.fixture
def terms(tenant: TenantRef) -> TurnTerms:
    return TurnTerms(plan_limits(tenant.id), MODEL, price_of(MODEL))


def reserve(terms: TurnTerms, tokens: int = LARGE) -> UUID:
    turn_id = new_id()
    quotas.reserve(turn_id=turn_id, terms=terms, max_tokens_in=tokens, max_tokens_out=tokens)
    return turn_id


def settle(turn_id: UUID, terms: TurnTerms, tokens: int = LARGE) -> None:
    quotas.settle(
        turn_id=turn_id,
        terms=terms,
        provider="openai",
        model=MODEL,
        tokens_in=tokens,
        tokens_out=tokens,
        source="reported",
    )


def noted() -> list[tuple[int, Decimal]]:
    """Percent and limit of what is noted of budgets, in the order in which it was."""
    found = QuotaNotice.objects.filter(is_budget=True, recipient="").order_by("pk")
    return list(found.values_list("percent", "cost_limit"))


def test_a_budget_counts_with_the_next_turn(tenant: TenantRef, terms: TurnTerms) -> None:
    with tenant_context(tenant.id):
        assert (read_budget().amount, read_budget().updated_by) == (None, None)
        settle(reserve(terms), terms)
        running = reserve(terms)
        # Below what is used, while an answer is being written.
        lowered = set_budget(amount=Decimal("1.50"))
        assert (lowered.cost_used, lowered.is_spent) == (Decimal("2.25"), True)
        with pytest.raises(BudgetExceeded, match="budget of 1.50 US dollars") as refused:
            reserve(terms, SMALL)
        assert refused.value.until == lowered.resets_at
        # It goes on, and is charged to its end.
        settle(running, terms)
        assert QuotaPeriod.objects.get().cost_used == Decimal("4.50")
        assert not Hold.objects.exists()
        # Five dollars are the plan's.
        set_budget(amount=Decimal(100))
        quotas.release(turn_id=reserve(terms, SMALL))
        set_budget(amount=Decimal("4.60"))
        with pytest.raises(BudgetExceeded):
            reserve(terms, SMALL)
        remove_budget()
        reserve(terms, SMALL)


def test_turns_and_changes_at_once_hold_no_more_than_the_largest_budget(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    together = threading.Barrier(5)
    refused: list[int] = []

    def ask() -> None:
        together.wait()
        for _ in range(8):
            try:
                with tenant_context(tenant.id):
                    reserve(terms, SMALL)
            # The latter where what is left is reserved by the others.
            except (BudgetExceeded, QuotaExceeded):
                refused.append(1)
        connections.close_all()

    def change() -> None:
        together.wait()
        for cents in range(100, 140, 5):
            with tenant_context(tenant.id):
                set_budget(amount=Decimal(cents) / 100)
        connections.close_all()

    with tenant_context(tenant.id):
        set_budget(amount=Decimal(1))
    threads = [threading.Thread(target=run) for run in (ask, ask, ask, ask, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_context(tenant.id):
        assert read_budget().amount == Decimal("1.35")
        # Six of 0.225 fit into 1.35, four into the dollar that it began with.
        held = QuotaPeriod.objects.get().cost_held
        assert Decimal("0.9") <= held <= Decimal("1.35")
        assert len(refused) == 32 - held / Decimal("0.225")
        assert AuditEvent.objects.filter(action="budget.changed").count() == 8


def test_each_step_is_noted_once_and_anew_for_another_amount(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    with tenant_context(tenant.id):
        set_budget(amount=Decimal(1), alert_thresholds=[50, 20, 50, 95])
        assert read_budget().alert_thresholds == (20, 50, 95)
        for _ in range(4):
            settle(reserve(terms, SMALL), terms, SMALL)
        # 22 %, 45 %, 67 %, 90 %: another turn like the last one no longer fits.
        whole = [(20, Decimal(1)), (50, Decimal(1)), (95, Decimal(1)), (100, Decimal(1))]
        assert noted() == whole
        shown = current_notice()
        assert shown is not None
        assert (shown.percent, shown.is_budget) == (100, True)
        set_budget(amount=Decimal(2), alert_thresholds=[20, 40])
        assert noted() == [*whole, (40, Decimal(2))]
        assert current_notice() is None
        # Lowered below what is used: no turn would ever say so.
        set_budget(amount=Decimal("0.50"), alert_thresholds=[])
        assert noted()[-1] == (100, Decimal("0.5"))
        shown = current_notice()
        assert shown is not None and shown.percent == 100
        remove_budget()
        assert current_notice() is None
    with platform_context():
        tickets = WorkTicket.objects.filter(tenant_id=tenant.id, kind="quota_notice")
        asked = [(each.payload["percent"], each.payload["is_budget"]) for each in tickets]
    # Of 100 there was nobody to tell.
    assert sorted(asked) == [(20, True), (40, True), (50, True), (95, True)]


def test_an_amount_that_is_changed_over_and_over_fills_nobodys_mailbox(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        QuotaPeriod.objects.create(starts_on=quotas.month_of(timezone.now()), cost_used=Decimal(1))
        for cents in range(1, MAX_TOLD + 4):
            set_budget(amount=Decimal(cents) / 100, alert_thresholds=[100])
        shown = current_notice()
        assert shown is not None and shown.percent == 100
    with platform_context():
        asked = WorkTicket.objects.filter(tenant_id=tenant.id, kind="quota_notice")
        assert asked.count() == MAX_TOLD


@pytest.mark.usefixtures("web", "worker")
def test_nobody_is_told_of_a_budget_that_is_another_by_now(tenant: TenantRef) -> None:
    owner = make_member(tenant, "owner")
    month = quotas.month_of(timezone.now())
    # Together, so that no worker is between them.
    with tenant_context(tenant.id), transaction.atomic():
        QuotaPeriod.objects.create(starts_on=month, cost_used=Decimal(1))
        set_budget(amount=Decimal("1.00"), alert_thresholds=[100])
        set_budget(amount=Decimal("0.90"), alert_thresholds=[80])
    # And of one that is spent it says so, whichever step it is for.
    text = text_of(wait_for_mail(owner.email))
    assert "is used up" in text and "$1.00 of $0.90" in text
    with platform_context():
        tickets = WorkTicket.objects.filter(tenant_id=tenant.id, kind="quota_notice")
        eventually(lambda: tickets.filter(status="done").count() == 2)
    assert len(mails_to(owner.email)) == 1


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("1000000.01")}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"alert_thresholds": [0]}, "alert_thresholds"),
        ({"alert_thresholds": [101]}, "alert_thresholds"),
        ({"alert_thresholds": [1, 2, 3, 4, 5, 6]}, "alert_thresholds"),
        ({"alert_recipients": [new_id()]}, "alert_recipients"),
    ],
)
def test_what_is_no_budget_is_refused_and_nothing_changes(
    tenant: TenantRef, given: dict[str, Any], param: str
) -> None:
    with tenant_context(tenant.id):
        set_budget(amount=Decimal(3))
        before = read_budget()
        with pytest.raises(InvalidRequest) as refused:
            set_budget(**{"amount": Decimal(5), **given})
        assert refused.value.param == param
        assert read_budget() == before
        assert AuditEvent.objects.filter(action="budget.changed").count() == 1


def test_the_trail_says_who_what_it_was_and_what_it_is(tenant: TenantRef) -> None:
    owner, agent = make_member(tenant, "owner"), make_member(tenant, "agent")
    with tenant_context(tenant.id):
        set_budget(amount=Decimal("12.50"), actor=str(owner.id))
        # The same once more is no change.
        set_budget(amount=Decimal("12.5"), actor=str(agent.id))
        chosen = find_recipients([agent.email.upper()])
        done = set_budget(amount=None, alert_recipients=chosen, actor=str(owner.id))
        assert (done.updated_by, done.alert_recipients) == ("Robin Tester", [agent.email])
        events = AuditEvent.objects.filter(action="budget.changed").order_by("pk")
        assert [each.data["changes"] for each in events] == [
            {"amount": ["", "12.5"]},
            {"amount": ["12.5", ""], "alert_recipients": ["", agent.email]},
        ]
        assert {each.actor for each in events} == {str(owner.id)}


def test_nobody_elses_people_can_be_chosen(tenant: TenantRef, other_tenant: TenantRef) -> None:
    stranger = make_member(other_tenant, "owner")
    with tenant_context(tenant.id):
        with pytest.raises(InvalidRequest, match="is no member"):
            find_recipients([stranger.email])
        with pytest.raises(InvalidRequest, match="members of this workspace"):
            set_budget(amount=Decimal(1), alert_recipients=[stranger.id])
    with tenant_context(other_tenant.id):
        set_budget(amount=Decimal(7))
    with tenant_context(tenant.id):
        assert read_budget().amount is None


@pytest.mark.usefixtures("worker")
def test_the_chosen_are_told_and_without_them_owners_and_admins(
    web: Process, tenant: TenantRef, terms: TurnTerms
) -> None:
    owner, agent = make_member(tenant, "owner"), make_member(tenant, "agent")
    with tenant_context(tenant.id):
        chosen = find_recipients([agent.email])
        set_budget(amount=Decimal(1), alert_thresholds=[25], alert_recipients=chosen)
        settle(reserve(terms, SMALL), terms, SMALL)
        settle(reserve(terms, SMALL), terms, SMALL)
    text = text_of(wait_for_mail(agent.email))
    assert "at least 25 % of the budget" in text and "$0.45 of $1" in text
    assert "raise the budget" in text and "/usage" in text
    with platform_context():
        Membership.objects.filter(user_id=agent.id).delete()
    with tenant_context(tenant.id):
        assert read_budget().recipients == ()
        set_budget(amount=Decimal("0.40"), alert_thresholds=[100])
    assert "is used up" in text_of(wait_for_mail(owner.email))
    assert (len(mails_to(owner.email)), len(mails_to(agent.email))) == (1, 1)


def test_the_models_are_what_the_migrations_make() -> None:
    loader = MigrationLoader(None)
    made = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = made.changes(graph=loader.graph)
    assert {name: changes[name] for name in ("billing", "conversations") if name in changes} == {}
