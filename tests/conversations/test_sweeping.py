"""Turns whose process is gone are ended; turns that are answered are left alone."""

import os
import socket
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone

from billing.models import Hold
from billing.pricing import TokenPrice
from billing.quotas import reserve
from billing.selectors import TurnTerms, plan_limits
from conversations.models import Chatbot, Conversation, Message, Turn
from conversations.turns.eventlog import log_key
from conversations.turns.events import TurnDelta, TurnStarted, event_id, wire
from conversations.turns.processes import is_gone, this_process
from conversations.turns.sweep import sweep_all, sweep_tenant
from core.ids import new_id
from core.redis import sync_redis
from tenants.context import tenant_context
from tenants.schemas.provisioning import TenantRef

OWNERS = {
    "living": this_process(),
    "elsewhere": "another-host:1:1",
    # The pid lives, but as another process than the one that had it.
    "gone": this_process().rsplit(":", 1)[0] + ":1",
}


def test_a_process_is_named_by_its_boot_and_its_namespace() -> None:
    """Two containers may share a host's name, and have each a process 7."""
    host, pid, started = this_process().rsplit(":", 2)
    name, boot, namespace = host.rsplit(".", 2)
    assert name == socket.gethostname()[:64]
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert namespace.isdigit()
    assert (int(pid), started.isdigit()) == (os.getpid(), True)
    longest = Turn._meta.get_field("owner").max_length
    assert longest is not None
    assert len(this_process()) <= longest
    assert is_gone(f"{host}:{pid}:1")
    for elsewhere in (f"{name}.{boot}.1", f"{name}.other.{namespace}", name):
        assert not is_gone(f"{elsewhere}:{pid}:1")
    assert not is_gone("nobody")


def running_turn(tenant: TenantRef, *, owner: str, seconds_left: int) -> UUID:
    limits = plan_limits(tenant.id)
    with tenant_context(tenant.id):
        chatbot = Chatbot.objects.create(name="Bot")
        conversation = Conversation.objects.create(chatbot=chatbot, visitor_id=new_id())
        now = timezone.now()
        turn = Turn.objects.create(
            conversation=conversation,
            client_turn_id="1",
            owner=OWNERS[owner],
            lease_until=now + timedelta(seconds=seconds_left),
            started_at=now,
        )
        reserve(
            turn_id=turn.pk,
            terms=TurnTerms(limits, "offline", TokenPrice(Decimal(1), Decimal(1))),
            max_tokens_in=1,
            max_tokens_out=1,
        )
    return turn.pk


def standing(tenant: TenantRef, turn_id: UUID) -> tuple[str, int]:
    with tenant_context(tenant.id):
        return Turn.objects.get(pk=turn_id).status, Hold.objects.count()


@pytest.mark.parametrize(
    ("owner", "seconds_left", "swept"),
    [
        ("living", 20, False),
        ("elsewhere", 20, False),
        ("elsewhere", -1, True),
        ("gone", 20, True),
    ],
)
def test_a_turn_ends_when_its_process_cannot_be_alive(
    tenant: TenantRef, owner: str, seconds_left: int, swept: bool
) -> None:
    turn_id = running_turn(tenant, owner=owner, seconds_left=seconds_left)
    assert sweep_tenant(tenant.id) == swept
    assert standing(tenant, turn_id) == (("interrupted", 0) if swept else ("running", 1))


def test_what_was_shown_is_kept_and_followers_are_told(tenant: TenantRef) -> None:
    turn_id = running_turn(tenant, owner="gone", seconds_left=20)
    redis, name = sync_redis("events"), log_key(tenant.id, turn_id)
    events = [
        TurnStarted(
            turn_id=turn_id,
            event_id=event_id(turn_id, 1),
            conversation_id=new_id(),
            client_turn_id="1",
        ),
        TurnDelta(turn_id=turn_id, event_id=event_id(turn_id, 2), text="Half an "),
        TurnDelta(turn_id=turn_id, event_id=event_id(turn_id, 3), text="answer"),
    ]
    for number, event in enumerate(events, 1):
        redis.xadd(name, {"e": wire(event)}, id=f"{number}-0")
    sweep_all()
    with tenant_context(tenant.id):
        reply = Message.objects.get(role="assistant")
        assert (reply.text, reply.status) == ("Half an answer", "interrupted")
        assert Turn.objects.get().last_seq == 4
    last = redis.xrevrange(name, count=1)
    assert b'"code":"interrupted"' in last[0][1][b"e"]  # type: ignore[index]
    assert 0 < redis.ttl(name) <= 900
    assert sweep_tenant(tenant.id) == 0
