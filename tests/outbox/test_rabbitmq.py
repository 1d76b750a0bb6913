"""RabbitMQ: what is confirmed has arrived, what no queue takes is told, and a node may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from amqp import Connection as Amqp
from amqp.exceptions import NotFound
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tenants.outbox.relay import deliver
from tenants.outbox.sinks.base import SinkAway
from tenants.outbox.sinks.opening import open_sink
from tenants.outbox.upkeep import read_outbox
from tenants.workspace.models import OutboxEvent
from tests.eventually import eventually
from tests.outbox.outbox import deliver_all, ledger, take_turn
from tests.outbox.reading import in_order, reading, unique
from tests.reliability.rabbitmq import MISSING, PROGRAM, RabbitMQ, running

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with running(tmp_path_factory.mktemp("rabbitmq")) as started:
        yield started


@pytest.fixture
def exchange(node: RabbitMQ, settings: Settings, workspace: Workspace) -> str:
    """An exchange of the test's own that is the sink, of what comes after the workspace."""
    name = f"told-{workspace.tenant.slug}"
    settings.EVENT_SINK_URL = f"{node.url}?exchange={name}"
    return name


def has_consumer(node: RabbitMQ) -> bool:
    """Whether the example's queue is there and somebody reads it."""
    with Amqp(f"127.0.0.1:{node.port}") as connection:
        try:
            declared = connection.channel().queue_declare("reports", passive=True)
            return declared is not None and bool(declared[2])
        except NotFound:
            return False


def test_a_consumer_gets_each_once_and_in_order_although_the_node_is_killed(
    node: RabbitMQ, exchange: str, workspace: Workspace, tmp_path: Path
) -> None:
    kept = tmp_path / "ledger"
    with tenant_context(workspace.tenant.id):
        with reading("rabbitmq_events", node.url, exchange, kept) as reader:
            eventually(lambda: has_consumer(node))
            conversations = [take_turn(workspace) for _ in range(5)]
            sink = open_sink()
            assert deliver(sink) == 10
            eventually(lambda: len(reader.handled) == 10)
            before = list(reader.handled)
        node.kill()
        for conversation_id in conversations:
            take_turn(workspace, conversation_id)
        with pytest.raises(SinkAway, match="RabbitMQ"):
            deliver(sink)
        node.start()
        assert deliver_all(sink) == 5
        with reading("rabbitmq_events", node.url, exchange, kept) as reader:
            eventually(lambda: len(unique(before + reader.handled)) == 15)
            handled = unique(before + reader.handled)
        assert sorted(handled) == ledger()
        assert in_order(handled)


def test_what_no_queue_takes_is_refused_and_told(
    node: RabbitMQ, exchange: str, workspace: Workspace
) -> None:
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
        assert deliver_all(open_sink()) == 0
        (first,) = OutboxEvent.objects.filter(attempts=1)
        assert first.error == f"no queue takes conversation.started from the exchange {exchange}"


def test_a_queue_that_is_full_is_no_fault_of_its_events(
    node: RabbitMQ, exchange: str, workspace: Workspace
) -> None:
    queue = f"full-{exchange}"
    with tenant_context(workspace.tenant.id), Amqp(f"127.0.0.1:{node.port}") as connection:
        channel = connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
        limits = {"x-max-length": 1, "x-overflow": "reject-publish"}
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments=limits)
        channel.queue_bind(queue, exchange, "#")
        take_turn(workspace)
        with pytest.raises(SinkAway, match="full"):
            deliver_all(open_sink())
        assert set(OutboxEvent.objects.values_list("attempts", "set_aside_at")) == {(0, None)}
        channel.queue_delete(queue)
        channel.queue_declare(queue, durable=True, auto_delete=False)
        channel.queue_bind(queue, exchange, "#")
        deliver_all(open_sink())
        assert read_outbox().waiting == 0
