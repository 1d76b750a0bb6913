"""A client that takes nothing keeps nothing: neither its connection nor what was to be sent to it."""

from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest

from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import Chat, wait_for_turn
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process


@pytest.fixture
def web(model_environment: dict[str, str]) -> Iterator[Process]:
    # More than a socket's buffers hold, which is more than an answer usually may be.
    short = {"SOCKET_SEND_SECONDS": "1", "TURN_ANSWER_TOKENS": "2000000"}
    with Process("web", environment={**model_environment, **short}) as process:
        yield process


def test_its_connection_is_gone_soon_after_it_is_given_up(
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    text = "0123456789abcdef " * 1_000_000
    fake.script({"match": question, "text": text, "chunks": 400, "delay": 0.01})
    with Chat(web.socket_url, workspace.publishable_key) as lazy:
        lazy.ask(question)
        lazy.receive("turn.started")
        wait_for_turn(workspace, "completed")
        # It stays, and reads nothing: what the server waits for never comes.
        eventually(lambda: not connections(web), within=20)


def connections(web: Process) -> list[int]:
    """The clients' ports of those that the web process has open."""
    found = psutil.Process(web.pid).net_connections("tcp4")
    here = [each for each in found if each.laddr.port == web.port and each.raddr]
    return [each.raddr.port for each in here]
