"""The relay: what was committed arrives, in order, and what the sink does not take is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from core.redis import sync_redis
from tenants.context import run_in_scope, tenant_context, tenant_scope
from tenants.outbox.relay import deliver, hold_lease
from tenants.outbox.resending import resend_delivered
from tenants.outbox.sinks.base import SinkAway
from tenants.outbox.sinks.opening import open_sink
from tenants.outbox.upkeep import bound, read_outbox, tidy
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import OutboxEvent
from tests.eventually import eventually
from tests.outbox.outbox import (
    assert_in_order,
    assert_valid,
    deliver_all,
    ledger,
    read_stream,
    stream,
    take_turn,
)
from tests.outbox.reading import in_order, reading, unique


@pytest.fixture
def log(settings: Settings) -> Iterator[str]:
    """A stream that is the sink."""
    with stream() as name:
        settings.EVENT_SINK_URL = f"redis:///?stream={name}"
        yield name


def test_what_was_committed_arrives_once_and_in_order(
    workspace: Workspace, other_tenant: TenantRef, log: str
) -> None:
    with tenant_context(workspace.tenant.id):
        conversations = [take_turn(workspace) for _ in range(3)]
        for conversation_id in conversations * 3:
            take_turn(workspace, conversation_id)
        sink = open_sink()
        assert deliver(sink) == 15
        assert deliver_all(sink) == 0
        expected = ledger()
    bodies = read_stream(log)
    for body in bodies:
        assert_valid(body)
    assert_in_order(bodies)
    found = sorted((b["partitionkey"], int(b["sequence"]), b["id"]) for b in bodies)
    assert found == expected
    assert {body["tenantid"] for body in bodies} == {str(workspace.tenant.id)}
    with tenant_context(other_tenant.id):
        assert ledger() == []


def test_the_consumer_of_the_docs_handles_each_once_although_it_is_killed(
    workspace: Workspace, log: str, tmp_path: Path
) -> None:
    kept = tmp_path / "ledger"
    with tenant_context(workspace.tenant.id):
        first = read_some(workspace, log, kept, [])
        handled = read_some(workspace, log, kept, first)
        assert sorted(handled) == ledger()
    assert in_order(handled)


def read_some(
    workspace: Workspace, log: str, kept: Path, known: list[tuple[str, int, str]]
) -> list[tuple[str, int, str]]:
    """Nine events, sent twice, and what a consumer that is killed then has handled by now."""
    before = len(ledger())
    with reading("redis_events", settings.REDIS_URLS["events"], log, kept) as reader:
        for conversation_id in [take_turn(workspace) for _ in range(3)]:
            take_turn(workspace, conversation_id)
        assert deliver_all(open_sink()) == 9
        resend_delivered(timedelta(hours=1))
        assert deliver_all(open_sink()) == before + 9
        eventually(lambda: len(unique(known + reader.handled)) == before + 9)
    return unique(known + reader.handled)


def test_without_a_sink_nothing_is_written(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
        assert ledger() == []


def test_what_is_rolled_back_was_never_said(workspace: Workspace, log: str) -> None:
    with tenant_context(workspace.tenant.id):
        first = take_turn(workspace)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            take_turn(workspace, first)
            raise ZeroDivisionError
        take_turn(workspace, first)
        assert deliver_all(open_sink()) == 3
    assert_in_order(read_stream(log))


def test_a_relay_leaves_a_workspace_to_the_one_that_has_it(workspace: Workspace, log: str) -> None:
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
        with transaction.atomic(), ThreadPoolExecutor(1) as beside:
            assert hold_lease()
            theirs = tenant_scope(workspace.tenant.id)
            asked = beside.submit(run_in_scope, theirs, lambda: deliver_all(open_sink()))
            assert asked.result(30) == 0
        assert read_stream(log) == []
        assert deliver_all(open_sink()) == 2
    assert len(read_stream(log)) == 2


def test_a_sink_that_is_away_costs_no_event_an_attempt(workspace: Workspace, log: str) -> None:
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
        # No stream, so that nothing can be added.
        sync_redis("events").set(log, "in the way")
        with pytest.raises(SinkAway, match="WRONGTYPE"):
            deliver_all(open_sink())
        assert set(OutboxEvent.objects.values_list("attempts", "delivered_at")) == {(0, None)}
        assert read_outbox().waiting == 2
        sync_redis("events").delete(log)
        assert deliver_all(open_sink()) == 2


def test_what_has_arrived_is_kept_for_a_day_and_what_waits_for_a_week(
    workspace: Workspace, log: str
) -> None:
    with tenant_context(workspace.tenant.id):
        first = take_turn(workspace)
        deliver_all(open_sink())
        for _ in range(4):
            take_turn(workspace, first)
        assert (tidy(60).dropped, OutboxEvent.objects.count()) == (0, 6)
        delivered = OutboxEvent.objects.filter(delivered_at__isnull=False)
        delivered.update(delivered_at=Now() - timedelta(hours=25))
        assert (tidy(60).dropped, read_outbox().waiting) == (0, 4)
        oldest = OutboxEvent.objects.order_by("sequence").first()
        assert oldest is not None
        OutboxEvent.objects.filter(pk=oldest.pk).update(occurred_at=Now() - timedelta(days=8))
        assert (tidy(60).dropped, read_outbox().waiting) == (1, 3)
        assert (bound(3, most=3), bound(3, most=1)) == (0, 2)
        # The newest is left, and its number says how many are missing.
        assert list(OutboxEvent.objects.values_list("sequence", flat=True)) == [6]
