"""T27 for events: relays are killed, the sink goes away and loses acknowledgements, and what a consumer
has, each once, is what PostgreSQL has: nothing missing, each key in order. Red on two broken relays."""

import random

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tenants.outbox.upkeep import read_outbox
from tenants.workspace.models import OutboxEvent
from tests.eventually import eventually
from tests.outbox.kafka_server import KafkaServer, running
from tests.outbox.outbox import assert_in_order, first_of_each, ledger, take_turn
from tests.outbox.relays import relaying

ROUNDS, TURNS_EACH, CONVERSATIONS = 4, 52, 8
RELAYS = 2
SECONDS = 60.0
# Whoever sends holds it.
_SENDING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7406 AND objid = %s"


def is_sending(workspace: Workspace) -> bool:
    number = int.from_bytes(workspace.tenant.id.bytes[-4:])
    with connection.cursor() as cursor:
        cursor.execute(_SENDING, [number])
        return cursor.fetchone() is not None


def free() -> int:
    """How many events no relay has a lock on."""
    with transaction.atomic():
        waiting = OutboxEvent.objects.filter(delivered_at=None)
        return len(waiting.select_for_update(skip_locked=True).values_list("pk"))


def tell_under_faults(kafka: KafkaServer, workspace: Workspace) -> None:
    """Turns, in rounds: each ends while something is on its way whose acknowledgement is lost."""
    chance = random.Random(27)
    conversations = [take_turn(workspace) for _ in range(CONVERSATIONS)]
    tenant_id = workspace.tenant.id
    with relaying(tenant_id, sink=kafka.url, count=RELAYS) as relays:
        for number in range(ROUNDS):
            eventually(lambda: read_outbox().waiting == 0, within=SECONDS)
            # What is sent from here on is stored, and its answer comes after the connection's end.
            kafka.tell("slow", 500)
            for _ in range(TURNS_EACH):
                take_turn(workspace, chance.choice(conversations))
            eventually(lambda: is_sending(workspace), within=SECONDS)
            relays[number % RELAYS].kill()
            kafka.restart()
            kafka.tell("slow", 0)
            relays[number % RELAYS].start()
        eventually(lambda: read_outbox().waiting == 0, within=SECONDS)


@pytest.fixture
def told(settings: Settings, workspace: Workspace) -> Workspace:
    """A workspace whose events are written from now on; their relays are other processes."""
    settings.EVENT_SINK_URL = "kafka://127.0.0.1:1/events"
    return workspace


def test_what_arrives_is_what_happened_in_order(told: Workspace) -> None:
    with running() as kafka, tenant_context(told.tenant.id):
        tell_under_faults(kafka, told)
        expected, bodies = ledger(), kafka.read()
    assert len(expected) == ROUNDS * TURNS_EACH + 2 * CONVERSATIONS
    # Some came twice: faults were met.
    assert len(bodies) > len(expected)
    once = first_of_each(bodies)
    assert sorted((b["partitionkey"], int(b["sequence"]), b["id"]) for b in once) == expected
    assert_in_order(once)


@pytest.mark.parametrize(
    ("broken", "numbers"),
    [
        (None, list(range(1, 12))),
        ("removes_before_it_arrives", []),
        # The second relay sends what the first one left, and then what the first one had taken.
        ("no_lease_on_outbox", [*range(6, 11), *range(1, 6), 11]),
    ],
)
def test_a_relay_is_killed_while_the_sink_is_away(
    told: Workspace, broken: str | None, numbers: list[int]
) -> None:
    tenant_id = told.tenant.id
    with running() as kafka, tenant_context(tenant_id):
        kafka.tell("down")
        conversation_id = take_turn(told)
        for _ in range(9):
            take_turn(told, conversation_id)
        with relaying(tenant_id, sink=kafka.url, broken=broken) as (first,):
            if broken == "no_lease_on_outbox":
                eventually(lambda: free() == 6, within=SECONDS)
            elif broken is None:
                eventually(lambda: is_sending(told), within=SECONDS)
            else:
                eventually(lambda: read_outbox().waiting < 11, within=SECONDS)
            with relaying(tenant_id, sink=kafka.url, broken=broken):
                if broken == "no_lease_on_outbox":
                    eventually(lambda: free() == 1, within=SECONDS)
                first.kill()
                kafka.tell("up")
                eventually(lambda: read_outbox().waiting == 0, within=SECONDS)
        found = [int(body["sequence"]) for body in first_of_each(kafka.read())]
    if broken == "removes_before_it_arrives":
        # It was noted as sent, and was not.
        assert 1 not in found
    else:
        assert found == numbers
