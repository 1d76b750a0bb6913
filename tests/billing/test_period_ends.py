"""A turn that runs over the end of a day, of a month, or over a change of the plan is booked once: to the
day and the month in which it began, at the terms of that moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.utils import timezone

from billing import quotas
from billing.catalog.models import TenantUsageDay
from billing.catalog.services import subscribe
from billing.days import recount
from billing.models import Hold, QuotaPeriod, UsageRecord
from billing.selectors import TurnTerms, plan_limits, price_of
from billing.usage import list_usage_days, summarize_month
from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation, Turn
from conversations.turns.sweep import sweep_tenant
from core.errors import QuotaExceeded
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.schemas.provisioning import TenantRef
from tests.conversations.client import ingest
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI, running
from tests.live import Process

MODEL = "gpt-5-mini"


def this_month() -> date:
    return quotas.month_of(timezone.now())


def last_moment() -> datetime:
    """Of the month before this one."""
    first = this_month()
    return datetime(first.year, first.month, 1, tzinfo=UTC) - timedelta(seconds=1)


def say_begun(moment: datetime) -> None:
    """Moves what the open tenant has reserved, as if it had been reserved then."""
    month = quotas.month_of(moment)
    assert Hold.objects.update(starts_on=month, created_at=moment) == 1
    assert QuotaPeriod.objects.update(starts_on=month) == 1


def reserve(terms: TurnTerms) -> UUID:
    turn_id = new_id()
    quotas.reserve(turn_id=turn_id, terms=terms, max_tokens_in=1000, max_tokens_out=1000)
    return turn_id


def settle(turn_id: UUID, terms: TurnTerms) -> quotas.UsageValue | None:
    return quotas.settle(
        turn_id=turn_id,
        terms=terms,
        provider="openai",
        model=MODEL,
        tokens_in=400,
        tokens_out=100,
        source="reported",
    )


def terms_of(tenant: TenantRef, **limits: Any) -> TurnTerms:
    return TurnTerms(replace(plan_limits(tenant.id), **limits), MODEL, price_of(MODEL))


def periods(tenant_id: UUID) -> dict[date, tuple[int, int, Decimal, Decimal]]:
    """Messages used and held, costs used and held, by month."""
    with tenant_context(tenant_id):
        return {
            each.starts_on: (
                each.messages_used,
                each.messages_held,
                each.cost_used,
                each.cost_held,
            )
            for each in QuotaPeriod.objects.all()
        }


def days(tenant_id: UUID) -> list[tuple[date, int]]:
    with platform_context():
        found = TenantUsageDay.objects.filter(tenant_id=tenant_id).order_by("day")
        return list(found.values_list("day", "turns"))


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with running() as provider:
        yield provider


def ask(web: Process, workspace: Workspace, question: str) -> int:
    answer = httpx.post(
        f"{web.url}/v1/chat/completions",
        json={
            "model": str(workspace.chatbot_id),
            "messages": [{"role": "user", "content": question}],
        },
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        trust_env=False,
        timeout=60,
    )
    return answer.status_code


@pytest.mark.parametrize("broken", [None, "booked_when_it_ends"])
def test_an_answer_that_is_written_over_the_end_of_a_month_belongs_to_the_old_one(
    broken: str | None, fake: FakeOpenAI, make_workspace: Callable[[], Workspace]
) -> None:
    workspace, word = make_workspace(), uuid4().hex[:12]
    tenant_id, begun = workspace.tenant.id, last_moment()
    ingest(tenant_id, "depot.md", f"The access code of the {word} depot is 48213.")
    fake.script({"match": word, "text": "It is 48213. [1]", "hold_at": 1})
    with Process("web", broken=broken, environment={"LLM_BASE_URL": fake.url}) as web:
        with ThreadPoolExecutor(1) as executor:
            asking = executor.submit(ask, web, workspace, f"What is the code of the {word} depot?")
            eventually(lambda: fake.log(word))
            with tenant_context(tenant_id):
                say_begun(begun)
            fake.release()
            assert asking.result() == 200
    found = periods(tenant_id)
    if broken:
        assert found[this_month()][0] == 1, "the broken build must book to the new month"
        assert found[begun.date().replace(day=1)][1] == 1, "and leave the hold in the old one"
        return
    with tenant_context(tenant_id):
        record = UsageRecord.objects.get()
        assert not Hold.objects.exists()
        assert summarize_month(tenant_id).messages_used == 0
        assert [(each.day, each.turns) for each in list_usage_days(begun.date(), begun.date())] == [
            (begun.date(), 1)
        ]
    assert record.cost > 0
    assert found == {begun.date().replace(day=1): (1, 0, record.cost, Decimal(0))}
    assert days(tenant_id) == [(begun.date(), 1)]
    # And what is made anew from the records says the same.
    assert recount(tenant_id) == 1
    assert days(tenant_id) == [(begun.date(), 1)]


def test_the_new_months_quota_knows_nothing_of_the_old_ones_hold(tenant: TenantRef) -> None:
    limited, begun = terms_of(tenant, messages_per_month=1), last_moment()
    with tenant_context(tenant.id):
        old = reserve(limited)
        say_begun(begun)
        new = reserve(limited)
        assert settle(old, limited) is not None
        assert settle(old, limited) is None
        # The one message of the new month is the new turn's.
        with pytest.raises(QuotaExceeded):
            reserve(limited)
        assert settle(new, limited) is not None
        assert UsageRecord.objects.count() == 2
        assert not Hold.objects.exists()
    cost = Decimal("0.0003")
    once = (1, 0, cost, Decimal(0))
    assert periods(tenant.id) == {begun.date().replace(day=1): once, this_month(): once}
    assert days(tenant.id) == [(begun.date(), 1), (timezone.now().date(), 1)]


def test_an_answer_that_fails_after_the_end_of_the_month_frees_the_old_hold(
    tenant: TenantRef,
) -> None:
    terms, begun = terms_of(tenant), last_moment()
    with tenant_context(tenant.id):
        turn_id = reserve(terms)
        say_begun(begun)
        assert quotas.release(turn_id=turn_id)
        assert not quotas.release(turn_id=turn_id)
    nothing = (0, 0, Decimal(0), Decimal(0))
    assert periods(tenant.id) == {begun.date().replace(day=1): nothing}
    assert days(tenant.id) == []


@pytest.mark.parametrize("deleted", [False, True], ids=["interrupted", "deleted"])
def test_what_the_sweeper_ends_after_the_end_of_the_month_frees_the_old_hold(
    workspace: Workspace, *, deleted: bool
) -> None:
    tenant, begun = workspace.tenant, last_moment()
    terms = terms_of(tenant)
    with tenant_context(tenant.id):
        turn_id = reserve(terms)
        talk = Conversation.objects.create(chatbot_id=workspace.chatbot_id, visitor_id=new_id())
        Turn.objects.create(
            id=turn_id,
            conversation=talk,
            client_turn_id="1",
            owner="another-host:1:1",
            lease_until=begun,
            started_at=begun,
        )
        say_begun(begun)
        if deleted:
            talk.delete()
            # Longer ago than any answer takes.
            Hold.objects.update(created_at=begun - timedelta(days=1))
    sweep_tenant(tenant.id)
    with tenant_context(tenant.id):
        assert not Hold.objects.exists()
        assert settle(turn_id, terms) is None
    nothing = (0, 0, Decimal(0), Decimal(0))
    assert periods(tenant.id) == {begun.date().replace(day=1): nothing}


def test_a_turn_belongs_to_the_day_on_which_it_was_asked(tenant: TenantRef) -> None:
    terms, begun = terms_of(tenant), timezone.now() - timedelta(days=1)
    with tenant_context(tenant.id):
        turn_id = reserve(terms)
        say_begun(begun)
        settle(turn_id, terms)
        assert UsageRecord.objects.get().created_at == begun
    assert days(tenant.id) == [(begun.date(), 1)]


def test_the_month_and_the_day_of_a_hold_are_of_one_moment(tenant: TenantRef) -> None:
    before = timezone.now()
    with tenant_context(tenant.id):
        reserve(terms_of(tenant))
        hold = Hold.objects.get()
    assert before <= hold.created_at <= timezone.now()
    assert hold.starts_on == quotas.month_of(hold.created_at)


def test_a_change_of_the_plan_moves_nothing_and_charges_what_was_agreed(tenant: TenantRef) -> None:
    before = terms_of(tenant)
    with tenant_context(tenant.id):
        turn_id = reserve(before)
    subscribe(tenant_id=tenant.id, plan="team")
    after = terms_of(tenant)
    with tenant_context(tenant.id):
        other = reserve(after)
        value = settle(turn_id, before)
        assert value is not None
        settle(other, after)
        assert not Hold.objects.exists()
        month = summarize_month(tenant.id)
    assert (month.plan, month.messages_used, month.messages_limit) == ("Team", 2, 20_000)
    assert periods(tenant.id) == {this_month(): (2, 0, 2 * value.cost, Decimal(0))}
