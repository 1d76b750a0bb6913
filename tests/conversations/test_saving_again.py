"""An answer whose commit was not confirmed is saved again: it is there, so its visitor is told so."""

from billing.models import UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.llm.base import LLMUsage
from conversations.models import Message, Turn
from conversations.turns import services
from conversations.turns.sweep import interrupt_if_orphaned
from conversations.turns.values import Admitted, TurnOutcome
from core.ids import new_id
from tenants.context import tenant_context
from tests.conversations.test_chatbots import plan, question_of


def begin(workspace: Workspace) -> Admitted:
    begun = services.admit(question_of(workspace), plan(), None)
    assert isinstance(begun, Admitted)
    return begun


def answer() -> TurnOutcome:
    return TurnOutcome(
        status="completed",
        finish_reason="stop",
        text="The whole answer.",
        message_id=new_id(),
        provider="openai",
        usage=LLMUsage(10, 3),
        source="reported",
    )


def test_what_is_saved_already_counts_as_saved_and_is_charged_once(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        begun, outcome = begin(workspace), answer()
        assert services.finish_turn(begun, outcome)
        # As after a restart of PostgreSQL between the commit and its confirmation.
        assert services.finish_turn(begun, outcome)
        assert Message.objects.filter(role="assistant").count() == 1
        assert UsageRecord.objects.count() == 1


def test_an_answer_of_a_turn_that_was_ended_is_not_saved(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        begun = begin(workspace)
        Turn.objects.update(lease_until="2020-01-01T00:00:00Z")
        assert interrupt_if_orphaned(workspace.tenant.id, begun.turn_id)
        assert not services.finish_turn(begun, answer())
        assert not Message.objects.filter(role="assistant").exists()
