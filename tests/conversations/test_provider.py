"""The OpenAI-compatible adapter against a provider that misbehaves, over real HTTP (T29)."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from conversations.llm.base import (
    ChatMessage,
    Endpoint,
    LLMError,
    LLMFinish,
    LLMRequest,
    LLMText,
    LLMUsage,
)
from conversations.llm.openai import OpenAICompatible, close_clients
from conversations.llm.sse import StreamDecoder
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI


class Asked:
    """What came of one request: the texts, then the error or the finish."""

    def __init__(self) -> None:
        self.text = ""
        self.finish: LLMFinish | None = None
        self.usage: LLMUsage | None = None
        self.error: LLMError | None = None
        self.seconds = 0.0
        self.requests = 0


@pytest.fixture
async def ask(fake: FakeOpenAI) -> Any:
    """Scripts the fake for one question and asks it."""

    async def ask_once(*behaviours: dict[str, Any]) -> Asked:
        question = uuid4().hex
        fake.script(*({"text": "one two three four", "match": question, **b} for b in behaviours))
        llm = OpenAICompatible(Endpoint(fake.url, "sk-test", 1.0, 0.5))
        asked = Asked()
        began = time.monotonic()
        request = LLMRequest(
            model="m",
            messages=(ChatMessage("user", question),),
            question=question,
            passages=(),
            max_tokens=50,
        )
        try:
            async for event in llm.stream(request):
                if isinstance(event, LLMText):
                    asked.text += event.text
                elif isinstance(event, LLMUsage):
                    asked.usage = event
                else:
                    asked.finish = event
        except LLMError as error:
            asked.error = error
        asked.seconds = time.monotonic() - began
        asked.requests = len(fake.log(question))
        await close_clients()
        return asked

    return ask_once


Ask = Callable[..., Any]


async def test_a_whole_answer_has_text_usage_and_finish(ask: Ask) -> None:
    asked = await ask({})
    assert asked.text == "one two three four"
    assert asked.finish == LLMFinish("stop")
    assert asked.usage is not None
    assert asked.usage.tokens_out == 4


async def test_an_answer_without_usage_is_still_whole(ask: Ask) -> None:
    asked = await ask({"usage": False, "finish_reason": "length"})
    assert (asked.finish, asked.usage) == (LLMFinish("length"), None)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_refusal_before_the_first_token_is_tried_again(ask: Ask, status: int) -> None:
    asked = await ask({"status": status}, {"status": status}, {})
    assert (asked.text, asked.requests) == ("one two three four", 3)


async def test_three_attempts_are_the_most(ask: Ask) -> None:
    asked = await ask({"status": 500}, {"status": 500}, {"status": 500}, {})
    assert (asked.error.code, asked.requests) == ("provider_failed", 3)


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_permanent_refusal_is_not_tried_again(ask: Ask, status: int) -> None:
    asked = await ask({"status": status}, {})
    assert asked.error.permanent
    assert asked.requests == 1


async def test_retry_after_is_honoured(ask: Ask) -> None:
    asked = await ask({"status": 429, "retry_after": "1"}, {})
    assert asked.text == "one two three four"
    assert 1.0 <= asked.seconds < 2.5


async def test_a_long_retry_after_is_a_refusal(ask: Ask) -> None:
    asked = await ask({"status": 429, "retry_after": "600"}, {})
    assert (asked.error.code, asked.requests) == ("provider_busy", 1)
    assert asked.seconds < 2


async def test_a_connection_cut_before_the_first_token_is_tried_again(ask: Ask) -> None:
    asked = await ask({"cut_at": 0}, {})
    assert (asked.text, asked.requests) == ("one two three four", 2)


@pytest.mark.parametrize("fault", ["cut_at", "garbage_at", "error_at"])
async def test_nothing_is_tried_again_after_the_first_token(ask: Ask, fault: str) -> None:
    asked = await ask({fault: 2, "delay": 0.01}, {})
    assert asked.text.startswith("one ")
    assert asked.finish is None
    assert not asked.error.permanent
    assert asked.requests == 1


async def test_a_silent_provider_is_given_up_after_the_read_timeout(ask: Ask) -> None:
    asked = await ask({"stall_at": 1, "stall": 5}, {})
    assert (asked.error.code, asked.requests) == ("provider_timeout", 1)
    assert asked.seconds < 2


async def test_a_stream_that_just_ends_has_no_finish(ask: Ask) -> None:
    asked = await ask({"eof_at": 2})
    assert (asked.text, asked.finish, asked.error) == ("one two ", None, None)


async def test_nobody_at_the_address_is_unavailable() -> None:
    llm = OpenAICompatible(Endpoint("http://127.0.0.1:9/v1", "", 0.5, 0.5))
    request = LLMRequest(model="m", messages=(), question="", passages=(), max_tokens=5)
    with pytest.raises(LLMError) as caught:
        async for _ in llm.stream(request):
            pass
    await close_clients()
    assert caught.value.code == "provider_unavailable"


async def test_closing_the_stream_hangs_up_on_the_provider(fake: FakeOpenAI) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "word " * 200, "delay": 0.02})
    llm = OpenAICompatible(Endpoint(fake.url, "", 1.0, 1.0))
    messages = (ChatMessage("user", question),)
    request = LLMRequest(model="m", messages=messages, question="", passages=(), max_tokens=5)
    stream = llm.stream(request)
    await anext(stream)
    await stream.aclose()
    await close_clients()
    eventually(lambda: fake.log(question)[0]["closed_early"])
    assert fake.log(question)[0]["chunks_sent"] < 50


@pytest.fixture(autouse=True)
def _no_leftovers(fake: FakeOpenAI) -> Iterator[None]:
    yield
    fake.reset()


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ('{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}', (3, 4)),
        ('{"prompt_tokens":-3,"completion_tokens":4}', None),
        ('{"prompt_tokens":3,"completion_tokens":2147483648}', None),
        ('{"prompt_tokens":null,"completion_tokens":4}', None),
        ('"many"', None),
        ("null", None),
    ],
)
def test_a_usage_that_cannot_be_is_left_out_and_the_answer_kept(
    usage: str, counted: tuple[int, int] | None
) -> None:
    stream = (
        'data: {"choices":[{"delta":{"content":"Hello"}}]}\n'
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n'
        f'data: {{"choices":[],"usage":{usage}}}\n'
    )
    events = list(StreamDecoder().feed(stream.encode()))
    expected: list[object] = [LLMText("Hello", 1), LLMFinish("stop")]
    if counted:
        expected.append(LLMUsage(*counted))
    assert events == expected


def test_an_error_inside_a_stream_is_the_providers() -> None:
    with pytest.raises(LLMError) as caught:
        list(StreamDecoder().feed(b'data: {"error":{"message":"overloaded"}}\n'))
    assert caught.value.code == "provider_failed"
