"""Product analytics: what PostHog is told, when, and that it costs nobody anything."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from billing.models import Budget
from billing.pricing import TokenPrice
from billing.quotas import reserve
from billing.selectors import PlanLimits, TurnTerms
from conversations.chatbots import onboarding, services
from conversations.chatbots.sightings import note_sighting
from conversations.turns import services as turns
from conversations.turns.values import Admitted, EndStatus, Question, TurnOutcome
from core import analytics
from core.errors import BudgetExceeded
from knowledge import ingestion
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.people import invitations
from tenants.people.members import find_member
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PASSWORD, PLATFORM, PageClient, make_member
from tests.posthog import FakePostHog, running

CANARY = "Canary Feathers"
PLAN = PlanLimits("Free", 1000, Decimal(10), 60, 60, 10)


@pytest.fixture
def posthog(settings: Settings) -> Iterator[FakePostHog]:
    """What this process sends goes to a PostHog of its own."""
    with running() as fake:
        settings.POSTHOG_API_KEY, settings.POSTHOG_HOST = "phc_test", fake.url
        analytics._client.cache_clear()
        yield fake
        analytics._client().shutdown()
        analytics._client.cache_clear()


def told(posthog: FakePostHog) -> list[dict[str, Any]]:
    """Everything so far: the client is asked to send what waits, and does so before it answers."""
    analytics._client().flush()
    return posthog.events


def told_of(posthog: FakePostHog, name: str) -> dict[str, Any]:
    (event,) = (event for event in told(posthog) if event["event"] == name)
    return event


def sign_up() -> tuple[UUID, onboarding.Workspace]:
    slug = f"w{uuid4().hex[:16]}"
    user, made = onboarding.sign_up(
        email=f"{slug}@example.org",
        name=CANARY,
        password=PASSWORD,
        workspace=CANARY,
        slug=slug,
        own_origin=f"http://{slug}.localhost:8000",
    )
    return user.pk, made


def test_a_sign_up_tells_of_an_account_a_workspace_and_its_keys(posthog: FakePostHog) -> None:
    user_id, made = sign_up()
    assert told_of(posthog, "signed_up")["distinct_id"] == str(user_id)
    created = told_of(posthog, "workspace_created")
    assert created["properties"]["$groups"] == {"workspace": str(made.tenant.id)}
    kinds = [e["properties"]["kind"] for e in told(posthog) if e["event"] == "key_created"]
    assert sorted(kinds) == ["publishable", "secret"]


def test_somebody_who_joins_is_told_by_id(posthog: FakePostHog, tenant: TenantRef) -> None:
    owner = make_member(tenant)
    with platform_context():
        actor = find_member(user_id=owner.id, tenant_id=tenant.id)
    assert actor is not None
    email = f"{uuid4().hex}@example.org"
    with tenant_context(tenant.id):
        raw = invitations.invite(actor=actor, email=email, role="agent")
        joined = invitations.accept_as_new(
            raw=raw, tenant_id=tenant.id, name=CANARY, password=PASSWORD
        )
    event = told_of(posthog, "member_joined")
    assert (event["distinct_id"], event["properties"]["role"]) == (str(joined.pk), "agent")
    assert email not in "".join(posthog.bodies)


@pytest.mark.parametrize(
    ("name", "content", "event"),
    [
        ("handbook.md", b"# Depot\n\nThe gate closes at nine in the evening.", "document_ready"),
        ("broken.pdf", b"%PDF-1.7 and then nothing", "document_failed"),
    ],
)
def test_a_document_is_told_with_how_it_ended(
    posthog: FakePostHog, tenant: TenantRef, name: str, content: bytes, event: str
) -> None:
    with tenant_context(tenant.id), transaction.atomic():
        document = create_document(filename=name, content=content, queued=False)[0]
        ingestion.ingest(document.id, document.version, heartbeat=lambda: None)
        assert event not in [each["event"] for each in told(posthog)]
    assert told_of(posthog, event)["properties"]["document_id"] == str(document.id)


def test_a_chatbot_and_a_key_are_told_by_id(posthog: FakePostHog, tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        made = services.create_chatbot(name=CANARY)
    assert told_of(posthog, "chatbot_created")["properties"]["chatbot_id"] == str(made.id)
    issued = api_keys.issue_secret_key(tenant_id=tenant.id, name=CANARY)
    secret = [e for e in told(posthog) if e["properties"].get("kind") == "secret"]
    assert [e["properties"]["key_id"] for e in secret] == [str(issued.key.id)]


def test_the_widget_is_told_once_and_only_on_a_page_of_somebody_elses(
    posthog: FakePostHog,
) -> None:
    _, made = sign_up()
    own, shop, blog = (
        f"http://{made.tenant.host}:8000",
        "https://shop.example",
        "https://blog.example",
    )
    with tenant_context(made.tenant.id):
        for origin in (own, shop, blog, own, shop):
            note_sighting(chatbot_id=made.chatbot_id, origin=origin)
    seen = told_of(posthog, "widget_first_seen")
    assert seen["properties"]["chatbot_id"] == str(made.chatbot_id)
    assert "shop.example" not in "".join(posthog.bodies)


def test_a_workspaces_first_complete_answer_is_told_and_no_other(posthog: FakePostHog) -> None:
    _, made = sign_up()
    with tenant_context(made.tenant.id):
        ends: tuple[EndStatus, ...] = ("failed", "completed", "completed")
        for number, status in enumerate(ends):
            finish(made, str(number), status)
    first = told_of(posthog, "first_answer")
    assert first["properties"]["$groups"] == {"workspace": str(made.tenant.id)}


def finish(made: onboarding.Workspace, client_turn_id: str, status: EndStatus) -> None:
    question = Question(
        tenant_id=made.tenant.id,
        chatbot_id=made.chatbot_id,
        text=CANARY,
        client_turn_id=client_turn_id,
        visitor_id=None,
        conversation_id=None,
        channel="api",
    )
    admitted = turns.admit(question, PLAN, None)
    assert isinstance(admitted, Admitted)
    assert turns.finish_turn(admitted, TurnOutcome(status=status))


def test_a_spent_budget_is_told_once_although_its_turn_is_rolled_back(
    posthog: FakePostHog, tenant: TenantRef
) -> None:
    terms = TurnTerms(PLAN, "m", TokenPrice(Decimal(1), Decimal(1)))
    with tenant_context(tenant.id):
        Budget.objects.create(cost_per_month=Decimal(0))
        for _ in range(3):
            with pytest.raises(BudgetExceeded), transaction.atomic():
                reserve(turn_id=uuid4(), terms=terms, max_tokens_in=9, max_tokens_out=9)
    assert told_of(posthog, "quota_reached")["properties"]["limit"] == "budget_exceeded"


def test_what_is_rolled_back_is_not_told(posthog: FakePostHog, tenant: TenantRef) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        api_keys.issue_secret_key(tenant_id=tenant.id, name=CANARY)
        raise ZeroDivisionError
    assert told(posthog) == []


def test_an_event_holds_ids_and_nothing_that_people_wrote(posthog: FakePostHog) -> None:
    sign_up()
    analytics.track("chatbot_created", tenant_id=uuid4(), name=CANARY)
    assert told(posthog)
    assert "Canary" not in "".join(posthog.bodies)
    assert PASSWORD not in "".join(posthog.bodies)


def test_a_posthog_that_never_answers_holds_no_request_up(tenant: TenantRef) -> None:
    person = make_member(tenant)
    with running() as fake:
        fake.stalled = True
        environment = {"POSTHOG_API_KEY": "phc_test", "POSTHOG_HOST": fake.url, "NO_PROXY": "*"}
        with Process("web", environment=environment) as web:
            with PageClient(web, tenant.host) as client:
                client.log_in(person)
                fields = {"name": "A key", "scopes": ["chat"], "days": ""}
                assert client.post("/keys/create", fields).status_code == 302
                # It has been told by now, or will be, and has not answered.
                assert fake.reached.wait(30)
                assert client.post("/keys/create", fields).status_code == 302


def test_a_posthog_that_is_away_costs_a_sign_up_nothing() -> None:
    environment = {"POSTHOG_API_KEY": "phc_test", "POSTHOG_HOST": "http://127.0.0.1:9"}
    slug = f"w{uuid4().hex[:16]}"
    fields = {
        "name": "Robin",
        "email": f"{slug}@example.org",
        "password": PASSWORD,
        "workspace": "Shop",
        "slug": slug,
    }
    with Process("web", environment=environment) as web, PageClient(web, PLATFORM) as client:
        assert client.post("/signup", fields).status_code == 302
