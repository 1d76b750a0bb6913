"""Any OpenAI-compatible `/chat/completions`: OpenAI, vLLM, Ollama and the like.

The answer is streamed raw: decoding the SDK's own chunk models costs 8.8 ms of CPU for a 100-token
answer, these structs 1.8 ms.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
import msgspec
import openai

from conversations.llm.base import (
    Endpoint,
    LLMError,
    LLMEvent,
    LLMFinish,
    LLMRequest,
    LLMText,
)
from conversations.llm.guard import Guard
from conversations.llm.openings import share_opening
from conversations.llm.patience import Patience
from conversations.llm.policy import wait_before_retry
from conversations.llm.sse import StreamDecoder
from core.http.transport import DEADLINE, Transport

# How long to wait for the usage chunk once the answer itself is whole, and, after `[DONE]`, for the
# end of the response: a connection that is read to its end can be used again.
_TAIL_SECONDS = 2.0
_END_SECONDS = 0.05
# Of what a provider says when it refuses, for the log.
_MAX_REFUSAL_BYTES = 2_000
_TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})


class _Door:
    """How one endpoint is reached: the SDK's client knows its address and the headers, and what is sent
    goes through a transport of ours."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._timeout = httpx2.Timeout(
            endpoint.read_timeout, connect=endpoint.connect_timeout, pool=endpoint.connect_timeout
        )
        self._http = httpx2.AsyncClient(
            timeout=self._timeout,
            transport=Transport(most=512, kept=64),
            follow_redirects=False,
            trust_env=False,
        )
        sdk = openai.AsyncOpenAI(
            # Servers on one's own machine want no key, the SDK wants one.
            api_key=endpoint.api_key or "none",
            base_url=endpoint.base_url or None,
            http_client=self._http,
        )
        self._url = sdk.base_url.join("chat/completions")
        given = {**sdk.default_headers, **sdk.auth_headers}.items()
        self._headers = httpx2.Headers([(k, v) for k, v in given if isinstance(v, str)])
        self._headers.update({"accept": "text/event-stream", "accept-encoding": "identity"})

    async def ask(self, body: bytes, deadline: Callable[[], float]) -> httpx2.Response:
        """The answer's beginning. The SDK's own walk through the messages and its wrappers around the
        answer cost 3 ms a turn."""
        request = httpx2.Request(
            "POST",
            self._url,
            headers=self._headers,
            content=body,
            extensions={"timeout": self._timeout.as_dict(), DEADLINE: deadline},
        )
        return await self._http.send(request, stream=True)

    async def close(self) -> None:
        await self._http.aclose()


_doors: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Endpoint, _Door]] = WeakKeyDictionary()


def _door_to(endpoint: Endpoint) -> _Door:
    """The one of this endpoint in the running loop: a client per request leaks sockets."""
    doors = _doors.setdefault(asyncio.get_running_loop(), {})
    if endpoint not in doors:
        doors[endpoint] = _Door(endpoint)
    return doors[endpoint]


async def close_clients() -> None:
    """Closes the running loop's connections (at the end of the process)."""
    for door in _doors.pop(asyncio.get_running_loop(), {}).values():
        await door.close()


_guards: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[Endpoint, str], Guard]] = (
    WeakKeyDictionary()
)


def guard_for(endpoint: Endpoint, model: str) -> Guard:
    """The one guard of this endpoint and model in the running loop."""
    guards = _guards.setdefault(asyncio.get_running_loop(), {})
    if (endpoint, model) not in guards:
        guards[endpoint, model] = Guard()
    return guards[endpoint, model]


class OpenAICompatible:
    """Answers through one endpoint."""

    name = "openai"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        patience = Patience(self._endpoint, request.max_tokens)
        guard = guard_for(self._endpoint, request.model)
        with guard.call() as call:
            attempt = 1
            while True:
                try:
                    async with aclosing(self._attempt(request, patience)) as events:
                        async for event in events:
                            if isinstance(event, LLMText):
                                call.succeed()
                            yield event
                    call.succeed()
                    return
                except LLMError as error:
                    if call.fail(error):
                        await share_opening(guard.breaker, self._endpoint, request.model)
                    wait = None if patience.heard else wait_before_retry(error, attempt)
                    if wait is None or wait > patience.left or not call.may_retry():
                        raise
                    await asyncio.sleep(wait)
                    attempt += 1

    async def _attempt(
        self, request: LLMRequest, patience: Patience
    ) -> AsyncGenerator[LLMEvent, None]:
        decoder = StreamDecoder()
        body = msgspec.json.encode(self._body(request))
        try:
            response = await _door_to(self._endpoint).ask(body, lambda: patience.deadline)
            async with aclosing(response):
                if response.status_code >= 300:
                    raise await _refusal(response)
                async for event in _events(response, decoder, patience):
                    yield event
        except httpx2.TimeoutException as error:
            # Not tried again: the visitor has already waited for the whole read timeout.
            connecting = isinstance(error, httpx2.ConnectTimeout)
            raise LLMError("provider_timeout", repr(error), permanent=not connecting) from error
        except (httpx2.HTTPError, OSError) as error:
            raise LLMError("provider_unavailable", repr(error), permanent=False) from error

    def _body(self, request: LLMRequest) -> dict[str, Any]:
        # OpenAI's newer models refuse `max_tokens`; many compatible servers know only that one.
        limit = "max_tokens" if self._endpoint.base_url else "max_completion_tokens"
        return {
            "model": request.model,
            "messages": request.messages,
            limit: request.max_tokens,
            **request.sampling,
            "stream": True,
            "stream_options": {"include_usage": True},
        }


async def _events(
    response: httpx2.Response, decoder: StreamDecoder, patience: Patience
) -> AsyncGenerator[LLMEvent, None]:
    try:
        async for data in response.aiter_raw():
            for event in decoder.feed(data):
                yield patience.admit(event)
            if patience.is_enough:
                yield LLMFinish("length")
                return
            tail = _tail_seconds(decoder)
            if tail is not None:
                patience.wait_only(tail)
    except httpx2.ReadTimeout:
        # A whole answer waits only briefly for more.
        if not decoder.finished:
            raise


def _tail_seconds(decoder: StreamDecoder) -> float | None:
    """How long to wait for what comes after a whole answer; None while it is not whole."""
    if decoder.done:
        return _END_SECONDS
    return _TAIL_SECONDS if decoder.finished else None


_REASONS = {
    **dict.fromkeys((401, 403), "key"),
    402: "quota",
    429: "rate",
    404: "model",
    **dict.fromkeys((400, 413, 422), "request"),
}


async def _refusal(response: httpx2.Response) -> LLMError:
    status = response.status_code
    transient = status >= 500 or status in _TRANSIENT_STATUSES
    code = "provider_busy" if status == 429 else "provider_failed"
    raw = response.headers.get("retry-after", "")
    wait = float(raw) if raw.replace(".", "", 1).isdigit() else None
    said = b""
    async for data in response.aiter_raw():
        said += data
        if len(said) > _MAX_REFUSAL_BYTES:
            break
    message = f"status {status}: {said[:_MAX_REFUSAL_BYTES].decode(errors='replace')}"
    # A spent account is refused with the status of too many requests.
    reason = "quota" if b"insufficient_quota" in said else _REASONS.get(status, "")
    return LLMError(code, message, permanent=not transient, retry_after=wait, reason=reason)
