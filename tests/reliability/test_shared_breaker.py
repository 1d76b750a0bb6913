"""A provider that fails is left alone by every process once one of them has found it out."""

from collections.abc import Callable, Iterator

import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.llm.base import Endpoint
from conversations.llm.openings import opening_key
from core.redis import sync_redis
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI, running
from tests.live import Process
from tests.reliability.test_stalls import ask

MODEL = "gpt-5-mini"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with running() as server:
        server.default(status=500)
        yield server


@pytest.fixture
def web(fake: FakeOpenAI) -> Iterator[Process]:
    environment = {"LLM_BASE_URL": fake.url, "OPENAI_API_KEY": "k", "LLM_MODEL": MODEL}
    with Process("web", environment=environment) as process:
        yield process


@pytest.fixture
def key(fake: FakeOpenAI) -> Iterator[str]:
    name = opening_key(Endpoint(fake.url, "k", 1, 1), MODEL)
    sync_redis("events").delete(name)
    yield name
    sync_redis("events").delete(name)


def test_who_finds_out_tells_the_others(
    web: Process, key: str, make_workspace: Callable[[], Workspace]
) -> None:
    workspace = make_workspace()

    def told() -> bool:
        ask(web, workspace)
        return bool(sync_redis("events").exists(key))

    eventually(told, within=60)


def test_who_was_told_makes_one_call_and_no_more(
    web: Process, key: str, fake: FakeOpenAI, make_workspace: Callable[[], Workspace]
) -> None:
    workspace = make_workspace()
    sync_redis("events").set(key, "1", ex=600)
    before = len(fake.log())
    for _ in range(4):
        ask(web, workspace)
    assert len(fake.log()) - before == 1
