"""What the tests of events share: turns that end, and what lies in a sink."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import jsonschema
from django.db import connection

from billing.selectors import PlanLimits
from conversations.chatbots.onboarding import Workspace
from conversations.turns import services as turns
from conversations.turns.values import Admitted, EndStatus, Question, TurnOutcome
from core.redis import sync_redis
from tenants.outbox.relay import deliver
from tenants.outbox.sinks.base import Sink
from tenants.workspace.models import OutboxEvent
from tests.live import ROOT

PLAN = PlanLimits("Free", 100_000, Decimal(10), 60_000, 60, 10)
SCHEMA: dict[str, Any] = json.loads((ROOT / "static/events/v1.json").read_text(encoding="utf-8"))
TYPES: frozenset[str] = frozenset(SCHEMA["properties"]["type"]["enum"])
CANARY = "Canary Feathers"


def begin_turn(made: Workspace, conversation_id: UUID | None = None) -> Admitted:
    """A turn that is admitted, in the tenant's context."""
    question = Question(
        tenant_id=made.tenant.id,
        chatbot_id=made.chatbot_id,
        text=CANARY,
        client_turn_id=uuid4().hex,
        visitor_id=None,
        conversation_id=conversation_id,
        channel="api",
    )
    admitted = turns.admit(question, PLAN, None)
    assert isinstance(admitted, Admitted)
    return admitted


def take_turn(
    made: Workspace, conversation_id: UUID | None = None, status: EndStatus = "completed"
) -> UUID:
    """A turn from its question to its end, in the tenant's context. Returns its conversation."""
    admitted = begin_turn(made, conversation_id)
    assert turns.finish_turn(admitted, TurnOutcome(status=status))
    return admitted.context.conversation_id


def ledger() -> list[tuple[str, int, str]]:
    """Key, number and id of every event of the open tenant, in their order."""
    rows = OutboxEvent.objects.order_by("key", "sequence").values_list("key", "sequence", "pk")
    return [(str(key), number, str(pk)) for key, number, pk in rows]


def first_of_each(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a consumer makes of a log: every event once, where it came first."""
    return list({body["id"]: body for body in reversed(bodies)}.values())[::-1]


def assert_in_order(bodies: list[dict[str, Any]]) -> None:
    """Of each key every number once, from 1, none after a greater one."""
    numbers: dict[str, list[int]] = {}
    for body in bodies:
        numbers.setdefault(body["partitionkey"], []).append(int(body["sequence"]))
    for key, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), (key, found)


def assert_valid(body: dict[str, Any]) -> None:
    jsonschema.validate(body, SCHEMA, format_checker=jsonschema.FormatChecker())


@contextmanager
def stream() -> Iterator[str]:
    """The name of a stream of the test's own in the product's Redis."""
    name = f"test:{uuid4().hex}"
    yield name
    sync_redis("events").delete(name)


def read_stream(name: str) -> list[dict[str, Any]]:
    entries: Any = sync_redis("events").xrange(name)
    return [json.loads(fields[b"event"]) for _, fields in entries]


def deliver_all(sink: Sink) -> int:
    try:
        return deliver(sink)
    finally:
        sink.close()


_FILL = """
INSERT INTO workspace_outboxevent (id, key, sequence, type, data, occurred_at, due_at, delivered_at)
SELECT gen_random_uuid(), ids.key, number, 'turn.completed', '{}', now(), now(),
    now() - make_interval(hours => %(delivered_hours)s)
FROM (SELECT gen_random_uuid() AS key FROM generate_series(1, %(keys)s)) AS ids,
    generate_series(1, %(each)s) AS number
"""


def fill(*, keys: int, each: int, delivered_hours: int | None = None) -> None:
    """Many events of the open tenant at once, which wait or have arrived so long ago."""
    values = {"keys": keys, "each": each, "delivered_hours": delivered_hours}
    with connection.cursor() as cursor:
        cursor.execute(_FILL, values)
