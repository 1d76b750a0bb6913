"""What is told: each type as its schema has it, described, and without what people wrote."""

import re
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django import Settings

from billing.adjustments import change_plan
from billing.budgets import set_budget
from billing.quotas_reached import BudgetTerms, note_budget
from conversations import models
from conversations.chatbots import onboarding, services
from conversations.history.listing import delete_conversation
from conversations.turns.services import interrupt_turn, record_feedback
from knowledge import ingestion
from knowledge import services as knowledge
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import Membership
from tenants.outbox.audit import AUDITED
from tenants.outbox.sinks.opening import open_sink
from tenants.people import invitations, memberships
from tenants.people.members import find_member
from tenants.schemas.lifecycle import resume_tenant, suspend_tenant
from tests.docs.test_pages import page, section
from tests.outbox.outbox import (
    CANARY,
    SCHEMA,
    TYPES,
    assert_in_order,
    assert_valid,
    begin_turn,
    deliver_all,
    read_stream,
    stream,
    take_turn,
)
from tests.pages import PASSWORD, make_member


def conversations(made: onboarding.Workspace) -> None:
    kept = take_turn(made)
    for status in ("failed", "stopped"):
        take_turn(made, kept, status)
    lost = begin_turn(made, kept)
    interrupt_turn(lost.turn_id, text=CANARY, last_seq=1)
    reply = models.Message.objects.get(turn_id=lost.turn_id, role=models.Role.ASSISTANT)
    for value in ("up", None, None):
        record_feedback(
            message_id=reply.pk, chatbot_id=made.chatbot_id, visitor_id=None, value=value, comment=CANARY
        )  # fmt: skip
    delete_conversation(conversation_id=take_turn(made))


def documents() -> None:
    for name, content in (("a.md", b"# Canary\n\nFeathers."), ("b.pdf", b"%PDF-1.7 Canary")):
        document = knowledge.create_document(filename=name, content=content, queued=False)[0]
        ingestion.ingest(document.id, document.version, heartbeat=lambda: None)
    knowledge.retry_document(document_id=document.id)
    knowledge.replace_document(document_id=document.id, filename=CANARY, content=b"Canary again")
    knowledge.delete_document(document_id=document.id)


def people(made: onboarding.Workspace) -> None:
    owner = make_member(made.tenant)
    with platform_context():
        actor = find_member(user_id=owner.id, tenant_id=made.tenant.id)
    assert actor is not None
    raw = invitations.invite(actor=actor, email=f"{uuid4().hex}@example.org", role="agent")
    joined = invitations.accept_as_new(
        raw=raw, tenant_id=made.tenant.id, name=CANARY, password=PASSWORD
    )
    with platform_context():
        membership = Membership.objects.get(user_id=joined.pk, tenant_id=made.tenant.id)
    memberships.change_role(actor=actor, membership_id=membership.pk, role="admin")
    memberships.remove_member(actor=actor, membership_id=membership.pk)
    key = api_keys.issue_secret_key(tenant_id=made.tenant.id, name=CANARY, actor=actor.actor)
    api_keys.revoke_key(tenant_id=made.tenant.id, key_id=key.key.id)


def test_each_type_comes_as_its_schema_has_it_and_without_words(settings: Settings) -> None:
    with stream() as log:
        settings.EVENT_SINK_URL = f"redis:///?stream={log}"
        made = onboarding.create_workspace(slug=f"w{uuid4().hex[:16]}", name=CANARY)
        with tenant_context(made.tenant.id):
            conversations(made)
            documents()
            people(made)
            bot = services.create_chatbot(name=CANARY)
            services.update_chatbot(chatbot_id=bot.id, welcome=CANARY)
            services.delete_chatbot(chatbot_id=bot.id)
            set_budget(amount=Decimal(1))
            note_budget(date(2026, 11, 1), BudgetTerms(Decimal(1), [50]), Decimal("0.9"))
        change_plan(tenant_id=made.tenant.id, plan="team", actor="operator@example.org")
        suspend_tenant(tenant_id=made.tenant.id, actor="operator@example.org", reason=CANARY)
        resume_tenant(tenant_id=made.tenant.id, actor="operator@example.org")
        with tenant_context(made.tenant.id):
            deliver_all(open_sink())
        bodies = read_stream(log)
    assert {body["type"] for body in bodies} == TYPES
    for body in bodies:
        assert_valid(body)
    assert_in_order(bodies)
    for word in ("Canary", "Feathers", "canary", "example.org"):
        assert word not in str(bodies)


def test_every_type_is_described_with_its_members_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| .* \| (.*) \|$", section(page("events"), "Types"), re.M)
    described = {name: re.findall(r"`(\w+)`", members) for name, members in rows}
    assert described == {name: list(SCHEMA["$defs"][name]["properties"]) for name in TYPES}
    assert set(SCHEMA["$defs"]) == TYPES | {"actor"}
    assert AUDITED < TYPES


@pytest.mark.parametrize("name", ["redis_events", "rabbitmq_events", "kafka_events", "ledger"])
def test_examples_that_are_named_are_there(name: str) -> None:
    assert f"](examples/{name}.py)" in page("events")
