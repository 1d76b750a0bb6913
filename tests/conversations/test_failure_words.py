"""A failed answer's page says in plain words what failed and what to do."""

from uuid import uuid4

import pytest

from chatbot_saas.dashboard.conversations.failures import FAILURES, REFUSED, find_failure
from conversations.chatbots.onboarding import Workspace
from conversations.history.explanations import explain_turn
from conversations.models import Turn
from conversations.turns.failures import _MESSAGES
from tenants.context import tenant_context
from tests.conversations.client import Chat
from tests.fake_openai import FakeOpenAI
from tests.live import Process
from tests.pages import signed_in


def test_every_code_a_turn_can_end_with_has_words() -> None:
    assert set(FAILURES) == set(_MESSAGES)
    assert find_failure("", "") is None
    assert find_failure("of_another_release", "") is FAILURES["internal_error"]


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "key"), (402, "quota"), (400, "request"), (404, "model")]
)
def test_a_refusal_of_the_provider_is_told_apart(
    model_web: Process,
    fake: FakeOpenAI,
    workspace: Workspace,
    status: int,
    reason: str,
) -> None:
    question = f"Why {uuid4().hex}?"
    fake.script({"match": question, "status": status})
    origin = f"http://{workspace.tenant.host}:8000"
    with Chat(model_web.socket_url, workspace.publishable_key, origin=origin) as visitor:
        visitor.ask(question)
        assert visitor.until_end()[-1]["type"] == "turn.failed"
    with tenant_context(workspace.tenant.id):
        turn = Turn.objects.get()
        assert explain_turn(turn.pk).refused == reason
    with signed_in(model_web, workspace.tenant, "viewer") as viewer:
        page = viewer.get(f"/conversations/{turn.conversation_id}/turns/{turn.pk}").text
    assert str(REFUSED[reason].what).replace("'", "&#x27;") in page
    assert str(REFUSED[reason].do).replace("'", "&#x27;") in page
