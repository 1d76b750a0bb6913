"""Events on their whole way: a turn of the web, a worker that is woken, a stream."""

import httpx

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tests.eventually import eventually
from tests.live import Process
from tests.outbox.outbox import CANARY, assert_in_order, assert_valid, ledger, read_stream, stream


def test_a_turn_of_the_web_is_told_by_a_worker_and_without_its_words(workspace: Workspace) -> None:
    with stream() as log:
        sink = {"EVENT_SINK_URL": f"redis:///?stream={log}"}
        with Process("web", environment=sink) as web, Process("worker", environment=sink):
            answer = httpx.post(
                f"{web.url}/v1/chat/completions",
                headers={"Authorization": f"Bearer {workspace.secret_key}"},
                json={
                    "model": str(workspace.chatbot_id),
                    "messages": [{"role": "user", "content": CANARY}],
                },
                timeout=60,
                trust_env=False,
            )
            assert answer.status_code == 200, answer.text
            ours = str(workspace.tenant.id)

            def told() -> list[dict[str, object]]:
                return [body for body in read_stream(log) if body["tenantid"] == ours]

            eventually(lambda: len(told()) == 2)
        assert [body["type"] for body in told()] == ["conversation.started", "turn.completed"]
        for body in told():
            assert_valid(body)
        assert_in_order(told())
        assert CANARY not in str(read_stream(log))
        with tenant_context(workspace.tenant.id):
            assert len(ledger()) == 2
