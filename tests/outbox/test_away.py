"""A sink that hangs: nothing else of the product waits for it, and it is told how many events do."""

import socket
from collections.abc import Iterator

import pytest

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tests.eventually import eventually
from tests.live import Process
from tests.outbox.outbox import ledger
from tests.platform.test_metrics import read_metrics, totals
from tests.test_main_job import ask, client, upload


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_documents_are_read_and_questions_answered_beside_a_sink_that_hangs(
    hanging: str, workspace: Workspace
) -> None:
    sink = {"EVENT_SINK_URL": hanging}
    with Process("web", environment=sink) as web, client(web, workspace) as http:
        ask(http, workspace, "When does the gate close?")

        def is_told() -> bool:
            found = totals(read_metrics(web))
            return found["chatbot_events_waiting"] >= 2 and found["chatbot_events_age_seconds"] > 0

        # The worker's first look at the outboxes finds them.
        with Process("worker", environment=sink):
            eventually(is_told, within=150)
            upload(http, "gate.md", "# Gate\n\nThe gate closes at nine in the evening.\n")
            answer = ask(http, workspace, "When does the gate close?")
            # Two conversations began and had an answer, and the document was made. That it is ready may
            # be found by a worker of another test, which has no sink.
            eventually(lambda: count(workspace) >= 5, within=60)
    assert "nine" in answer["choices"][0]["message"]["content"]


def count(workspace: Workspace) -> int:
    with tenant_context(workspace.tenant.id):
        return len(ledger())
