"""The OpenAI-compatible face: chatbots as models, a turn as a chat completion."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse

from chatbot_saas.api.bodies import read_body
from chatbot_saas.api.chat_request import CompletionRequest, read_request
from chatbot_saas.api.chat_schema import (
    SSE,
    ChatCompletion,
    ChatCompletionRequest,
    StreamedEvent,
    no_such_model,
)
from chatbot_saas.api.endpoint import endpoint, secret_key
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.rest import JSON
from chatbot_saas.api.views import described
from conversations.chatbots.lookup import find_chatbot
from conversations.llm.providers import answerer_of
from conversations.models import Channel
from conversations.turns import live
from conversations.turns.events import (
    TurnCitation,
    TurnCompleted,
    TurnDelta,
    TurnEvent,
    TurnFailed,
    read,
)
from conversations.turns.follow import follow
from conversations.turns.run import start_turn
from conversations.turns.terms import current_plan
from conversations.turns.values import Question, TurnRef
from core.errors import NotFound, ProviderFailed, problem
from core.ids import new_id
from tenants.context import in_tenant
from tenants.keys.api_keys import APIKeyIdentity

_encode = msgspec.json.Encoder().encode
_FINISH_REASONS = {"stopped": "stop"}


@described(
    "POST",
    scope="chat",
    operation_id="create_chat_completion",
    tags=["Chat"],
    summary="Ask, in the form of OpenAI's chat completions.",
    description="Stateless: the messages are the history. With `stream` the answer comes as "
    "server-sent chunks that end with `data: [DONE]`.",
    request=ChatCompletionRequest,
    responses={
        (200, JSON): ChatCompletion,
        (200, SSE): StreamedEvent,
        **dict.fromkeys((402, 404, 502), Problem),
    },
)
@endpoint("POST")
async def create_completion(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Stateless: the messages are the history, the last user message is the question."""
    key = secret_key(request)
    asked = read_request(read_body(request, dict[str, Any]))
    try:
        chatbot = await in_tenant(key.tenant_id, find_chatbot, asked.model)
        started = await start_turn(_question(key, chatbot.id, asked))
        plan = await current_plan(key.tenant_id)
    except NotFound as error:
        raise no_such_model() from error
    completion = Completion(
        started.turn,
        asked,
        model=str(chatbot.id),
        answerer=answerer_of(chatbot.model, may_spend=plan.may_spend),
    )
    if not asked.stream:
        return JsonResponse(await completion.whole())
    await completion.begin()
    return StreamingHttpResponse(
        completion.chunks(getattr(request, "request_id", "")),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


def _question(key: APIKeyIdentity, chatbot_id: UUID, asked: CompletionRequest) -> Question:
    return Question(
        tenant_id=key.tenant_id,
        chatbot_id=chatbot_id,
        text=asked.question,
        client_turn_id=new_id().hex,
        visitor_id=None,
        conversation_id=None,
        channel=Channel.COMPLETIONS,
        history=asked.history,
        extra_instructions=asked.instructions,
        max_tokens=asked.max_tokens,
        sampling=asked.sampling,
        stop=asked.stop,
        external_user=asked.user,
    )


class Completion:
    """A turn told in OpenAI's forms. Who hangs up stops it: nobody could ask for the rest."""

    def __init__(
        self, turn: TurnRef, asked: CompletionRequest, *, model: str, answerer: dict[str, str]
    ) -> None:
        self._turn = turn
        self._asked = asked
        self._model = model
        self._answerer = answerer
        self._events = self._read()
        self._first: TurnEvent | None = None
        self._citations: list[dict[str, Any]] = []

    async def _read(self) -> AsyncIterator[TurnEvent]:
        ended = False
        try:
            async for batch in follow(self._turn):
                for line in batch:
                    event = read(line)
                    ended = ended or isinstance(event, TurnCompleted | TurnFailed)
                    if isinstance(event, TurnCitation):
                        self._citations.append(citation_body(event))
                    yield event
        finally:
            # Only where it runs: behind several processes the turn ends by itself.
            here = live.find(self._turn.tenant_id, self._turn.turn_id)
            if not ended and here is not None:
                here.end("stopped")

    async def whole(self) -> dict[str, Any]:
        """The body of a reply that is not streamed. Raises `ProviderFailed`."""
        texts: list[str] = []
        async for event in self._events:
            if isinstance(event, TurnDelta):
                texts.append(event.text)
            elif isinstance(event, TurnFailed):
                raise _failed(event)
            elif isinstance(event, TurnCompleted):
                message = {"role": "assistant", "content": "".join(texts), "refusal": None}
                choice = {"message": message, **_ending(event)}
                return {
                    **self._head("chat.completion"),
                    "choices": [choice],
                    "usage": _usage(event),
                    "citations": self._citations,
                    "answerer": self._answerer,
                    "fallback": _contact(event),
                }
        raise ProviderFailed("The answer was interrupted. Ask again.")

    async def begin(self) -> None:
        """Waits for the first text, so that a failure before it is an error and not a stream."""
        async for event in self._events:
            if isinstance(event, TurnFailed):
                raise _failed(event)
            if isinstance(event, TurnDelta | TurnCompleted):
                self._first = event
                return

    async def chunks(self, request_id: str) -> AsyncIterator[bytes]:
        """The stream. After a failure in its middle comes an error and no `[DONE]`."""
        yield self._chunk({"role": "assistant", "content": ""})
        if self._first is not None:
            for data in self._tell(self._first, request_id):
                yield data
        async for event in self._events:
            for data in self._tell(event, request_id):
                yield data

    def _tell(self, event: TurnEvent, request_id: str) -> list[bytes]:
        if isinstance(event, TurnDelta):
            return [self._chunk({"content": event.text})]
        if isinstance(event, TurnFailed):
            return [_data(problem(_failed(event), request_id=request_id))]
        if isinstance(event, TurnCompleted):
            return self._finish(event)
        return []

    def _finish(self, event: TurnCompleted) -> list[bytes]:
        last = {
            **self._head("chat.completion.chunk"),
            "choices": [{"delta": {}, **_ending(event)}],
            "citations": self._citations,
            "answerer": self._answerer,
            "fallback": _contact(event),
        }
        told = [_data(last)]
        if self._asked.include_usage:
            head = self._head("chat.completion.chunk")
            told.append(_data({**head, "choices": [], "usage": _usage(event)}))
        return [*told, b"data: [DONE]\n\n"]

    def _chunk(self, delta: dict[str, str]) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        return _data({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        turn_id = self._turn.turn_id
        return {
            "id": f"chatcmpl-{turn_id.hex}",
            "object": kind,
            # The id is a UUIDv7: its first 48 bits are the time in milliseconds.
            "created": (turn_id.int >> 80) // 1000,
            "model": self._model,
        }


def citation_body(event: TurnCitation) -> dict[str, Any]:
    """The same fields as in `turn.citation`."""
    return {
        "n": event.n,
        "marker": event.marker,
        "document_id": str(event.document_id),
        "title": event.title,
        "url": event.url,
        "page": event.page,
        "quote": event.quote,
        "supported": event.supported,
    }


def _contact(event: TurnCompleted) -> dict[str, str] | None:
    return msgspec.structs.asdict(event.fallback) if event.fallback else None


def _ending(event: TurnCompleted) -> dict[str, Any]:
    # OpenAI's clients know no “stopped”.
    reason = _FINISH_REASONS.get(event.finish_reason, event.finish_reason)
    return {"index": 0, "logprobs": None, "finish_reason": reason}


def _usage(event: TurnCompleted) -> dict[str, int]:
    usage = event.usage
    return {
        "prompt_tokens": usage.tokens_in,
        "completion_tokens": usage.tokens_out,
        "total_tokens": usage.tokens_in + usage.tokens_out,
    }


def _failed(event: TurnFailed) -> ProviderFailed:
    return ProviderFailed(event.message, detail_code=event.code)


def _data(body: dict[str, Any]) -> bytes:
    return b"data: " + _encode(body) + b"\n\n"
