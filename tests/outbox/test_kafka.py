"""Kafka, by librdkafka's mock of a cluster: a real consumer gets what PostgreSQL's ledger has."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from tenants.backend.limits import WORK
from tenants.context import tenant_context
from tenants.outbox.sinks.base import SinkAway
from tenants.outbox.sinks.opening import open_sink
from tenants.workspace.models import OutboxEvent
from tests.eventually import eventually
from tests.outbox.kafka_server import DISCONNECT, MESSAGE_TOO_LARGE, KafkaServer, running
from tests.outbox.outbox import deliver_all, ledger, take_turn
from tests.outbox.reading import in_order, reading


@pytest.fixture
def kafka(settings: Settings, workspace: Workspace) -> Iterator[KafkaServer]:
    """A cluster that is the sink, of what comes after the workspace."""
    with running() as server:
        settings.EVENT_SINK_URL = server.url
        yield server


def test_a_consumer_gets_each_once_and_in_order(
    kafka: KafkaServer, workspace: Workspace, tmp_path: Path
) -> None:
    with (
        tenant_context(workspace.tenant.id),
        reading("kafka_events", kafka.bootstrap, kafka.topic, tmp_path / "ledger") as reader,
    ):
        conversations = [take_turn(workspace) for _ in range(5)]
        assert deliver_all(open_sink()) == 10
        # Connections end before an answer, brokers are away for a moment: it is tried again below.
        for conversation_id in conversations:
            take_turn(workspace, conversation_id)
        kafka.tell("fail", DISCONNECT, 3)
        assert deliver_all(open_sink()) == 5
        eventually(lambda: len(reader.handled) == 15)
        assert sorted(reader.handled) == ledger()
        assert in_order(reader.handled)


def test_an_event_that_is_refused_holds_up_its_own_key_alone(
    kafka: KafkaServer, workspace: Workspace
) -> None:
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
        kafka.tell("fail", MESSAGE_TOO_LARGE, 1)
        deliver_all(open_sink())
        first, second = OutboxEvent.objects.order_by("sequence")
        assert (first.attempts, first.delivered_at, second.delivered_at) == (1, None, None)
        assert "too large" in first.error.lower()
        other = take_turn(workspace)
        assert deliver_all(open_sink()) == 2
        assert set(OutboxEvent.objects.exclude(delivered_at=None).values_list("key")) == {(other,)}


def test_a_cluster_that_is_away_is_told_within_the_transactions_time(
    kafka: KafkaServer, workspace: Workspace
) -> None:
    kafka.tell("down")
    with tenant_context(workspace.tenant.id):
        with connection.cursor() as cursor:
            # A worker's, whatever this process was before: requests have less.
            cursor.execute(
                "SET idle_in_transaction_session_timeout = %s",
                [WORK["idle_in_transaction_session_timeout"]],
            )
        take_turn(workspace)
        with pytest.raises(SinkAway, match="Kafka"):
            deliver_all(open_sink())
        assert set(OutboxEvent.objects.values_list("attempts", "delivered_at")) == {(0, None)}
        kafka.tell("up")
        assert deliver_all(open_sink()) == 2
