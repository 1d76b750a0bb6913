"""A workspace with a document in it, web processes with a fake model behind them, chat clients."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from conversations.chatbots.onboarding import Workspace, create_workspace
from tests.conversations.client import ORIGIN, Chat, ingest
from tests.fake_openai import FakeOpenAI, running
from tests.live import Process

HANDBOOK = """# Depot handbook

The access code of the Zorblatt depot is 48213. Only the night shift may use it.

Deliveries arrive on Tuesday mornings between six and eight. The gate closes at nine in the evening.

Broken pallets go to the blue container behind hall four.
"""


@pytest.fixture(scope="session")
def fake() -> Iterator[FakeOpenAI]:
    """One fake provider for the run; tests tell their requests apart by what they ask."""
    with running() as provider:
        yield provider


@pytest.fixture(scope="session")
def model_environment(fake: FakeOpenAI) -> dict[str, str]:
    """A web process with this asks the fake provider, and gives up on a silent one in 2 seconds."""
    return {
        "LLM_BASE_URL": fake.url,
        "LLM_READ_TIMEOUT": "2",
        "LLM_FIRST_TEXT_TIMEOUT": "3",
        "LLM_CONNECT_TIMEOUT": "1",
    }


@pytest.fixture(scope="session")
def model_web(model_environment: dict[str, str]) -> Iterator[Process]:
    with Process("web", environment=model_environment) as process:
        yield process


@pytest.fixture
def make_workspace() -> Callable[[], Workspace]:
    return lambda: create_workspace(
        slug=f"w{uuid4().hex[:16]}", name="Test workspace", origins=[ORIGIN]
    )


@pytest.fixture
def workspace(make_workspace: Callable[[], Workspace]) -> Workspace:
    """A fresh workspace whose chatbot knows the handbook."""
    made = make_workspace()
    ingest(made.tenant.id, "handbook.md", HANDBOOK)
    return made


@pytest.fixture
def chat(model_web: Process, workspace: Workspace) -> Iterator[Chat]:
    with Chat(model_web.socket_url, workspace.publishable_key) as client:
        yield client
