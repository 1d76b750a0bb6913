"""Any OpenAI-compatible `/chat/completions`: OpenAI, vLLM, Ollama and the like.

The answer is streamed raw: decoding the SDK's own chunk models costs 8.8 ms of CPU for a 100-token
answer, these structs 1.8 ms.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
import openai

from conversations.llm.base import Endpoint, LLMError, LLMEvent, LLMRequest, LLMText
from conversations.llm.policy import wait_before_retry
from conversations.llm.sse import StreamDecoder

# How long to wait for the usage chunk once the answer itself is whole, and, after `[DONE]`, for the
# end of the response: a connection that is read to its end can be used again.
_TAIL_SECONDS = 2.0
_END_SECONDS = 0.05
_TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Endpoint, openai.AsyncOpenAI]] = (
    WeakKeyDictionary()
)


def client_for(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """The one client of this endpoint in the running loop: a client per request leaks sockets."""
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if endpoint not in clients:
        timeout = httpx2.Timeout(
            endpoint.read_timeout, connect=endpoint.connect_timeout, pool=endpoint.connect_timeout
        )
        http = httpx2.AsyncClient(
            timeout=timeout,
            limits=httpx2.Limits(max_connections=512, max_keepalive_connections=64),
            follow_redirects=False,
            trust_env=False,
        )
        clients[endpoint] = openai.AsyncOpenAI(
            # Servers on one's own machine want no key, the SDK wants one.
            api_key=endpoint.api_key or "none",
            base_url=endpoint.base_url or None,
            max_retries=0,
            timeout=timeout,
            http_client=http,
        )
    return clients[endpoint]


async def close_clients() -> None:
    """Closes the running loop's clients (at the end of the process)."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


class OpenAICompatible:
    """Answers through one endpoint."""

    name = "openai"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        attempt = 1
        while True:
            shown = False
            try:
                async with aclosing(self._attempt(request)) as events:
                    async for event in events:
                        shown = shown or isinstance(event, LLMText)
                        yield event
                return
            except LLMError as error:
                wait = None if shown else wait_before_retry(error, attempt)
                if wait is None:
                    raise
                await asyncio.sleep(wait)
                attempt += 1

    async def _attempt(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        decoder = StreamDecoder()
        try:
            create = client_for(self._endpoint).chat.completions.with_streaming_response.create
            async with create(**self._body(request)) as response:
                async for data in _to_the_end(response.iter_bytes(), decoder):
                    for event in decoder.feed(data):
                        yield event
        except openai.APIStatusError as error:
            raise _status_error(error) from error
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            # Not tried again: the visitor has already waited for the whole read timeout.
            connecting = isinstance(error.__cause__, httpx2.ConnectTimeout)
            raise LLMError("provider_timeout", repr(error), permanent=not connecting) from error
        except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
            raise LLMError("provider_unavailable", repr(error), permanent=False) from error

    def _body(self, request: LLMRequest) -> dict[str, Any]:
        # OpenAI's newer models refuse `max_tokens`; many compatible servers know only that one.
        limit = "max_tokens" if self._endpoint.base_url else "max_completion_tokens"
        body = {
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            limit: request.max_tokens,
            **request.sampling,
            "stream_options": {"include_usage": True},
        }
        # As extra body, past the SDK's own walk through every message: that costs 3 ms a turn.
        return {"model": request.model, "messages": (), "stream": True, "extra_body": body}


async def _to_the_end(source: AsyncIterator[bytes], decoder: StreamDecoder) -> AsyncIterator[bytes]:
    """The stream's bytes; once the answer is whole it waits only briefly for more."""
    while True:
        try:
            async with asyncio.timeout(_patience(decoder)):
                data = await anext(source)
        except (StopAsyncIteration, TimeoutError):
            return
        yield data


def _patience(decoder: StreamDecoder) -> float | None:
    if decoder.done:
        return _END_SECONDS
    return _TAIL_SECONDS if decoder.finished else None


def _status_error(error: openai.APIStatusError) -> LLMError:
    status = error.status_code
    transient = status >= 500 or status in _TRANSIENT_STATUSES
    code = "provider_busy" if status == 429 else "provider_failed"
    raw = error.response.headers.get("retry-after", "")
    wait = float(raw) if raw.replace(".", "", 1).isdigit() else None
    message = f"status {status}: {error.message}"
    return LLMError(code, message, permanent=not transient, retry_after=wait)
