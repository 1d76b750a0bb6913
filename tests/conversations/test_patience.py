"""How long a provider is waited for, by a real one that misbehaves."""

import asyncio
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import pytest

from conversations.llm.base import ChatMessage, Endpoint, LLMError, LLMFinish, LLMRequest, LLMText
from conversations.llm.openai import OpenAICompatible, close_clients
from tests.fake_openai import FakeOpenAI


def request(question: str, max_tokens: int = 100) -> LLMRequest:
    return LLMRequest(
        model="fake",
        messages=(ChatMessage("user", question),),
        question=question,
        passages=(),
        max_tokens=max_tokens,
    )


def ask(fake: FakeOpenAI, wanted: LLMRequest, **timeouts: float) -> tuple[str, str]:
    """The text, and the finish reason or the code of the error."""

    async def run() -> tuple[str, str]:
        usual = {"connect_timeout": 5.0, "read_timeout": 30.0, "first_text_timeout": 30.0}
        endpoint = Endpoint(base_url=fake.url, api_key="k", **{**usual, **timeouts})
        texts: list[str] = []
        end = ""
        try:
            async with aclosing(OpenAICompatible(endpoint).stream(wanted)) as stream:
                async for event in stream:
                    if isinstance(event, LLMText):
                        texts.append(event.text)
                    elif isinstance(event, LLMFinish):
                        end = event.reason
        except LLMError as error:
            end = error.code
        finally:
            await close_clients()
        return "".join(texts), end

    return asyncio.run(run())


def test_there_is_one_budget_to_the_first_text(fake: FakeOpenAI) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "late", "first_delay": 3600})
    assert ask(fake, request(question), first_text_timeout=0.5) == ("", "provider_timeout")
    assert len(fake.log(question)) == 1


@pytest.mark.parametrize("filler", ["empty", "comment"])
def test_bytes_without_text_are_no_sign_of_life(fake: FakeOpenAI, filler: str) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "one two", "chatter_at": 1, "chatter": filler})
    text, end = ask(fake, request(question), read_timeout=0.5)
    assert (text.strip(), end) == ("one", "provider_timeout")


def test_no_more_is_taken_than_was_asked_for(fake: FakeOpenAI) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "x" * 5_000_000, "chunks": 50})
    text, end = ask(fake, request(question, max_tokens=100))
    assert (len(text), end) == (1600, "length")


def test_a_provider_that_fails_is_not_asked_three_times_by_everybody(fake: FakeOpenAI) -> None:
    question = uuid4().hex
    fake.script({"match": question, "status": 500, "times": -1})

    async def run() -> list[Any]:
        endpoint = Endpoint(fake.url, "k", 5.0, 30.0, 30.0)

        async def once() -> str:
            try:
                async with aclosing(OpenAICompatible(endpoint).stream(request(question))) as stream:
                    async for _ in stream:
                        pass
            except LLMError as error:
                return error.code
            return ""

        told = [await once() for _ in range(60)]
        await close_clients()
        return told

    told = asyncio.run(run())
    assert set(told) <= {"provider_failed", "provider_unavailable"}
    # Eight calls tell enough, a few of them by trying again; sixty visitors asked 180 times before.
    assert len(fake.log(question)) <= 16
