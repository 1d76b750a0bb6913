"""Turns over HTTP: created by POST, their events as a server-sent stream, resumable by GET."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter

from chatbot_saas.api.bodies import read_body
from chatbot_saas.api.chat_schema import SSE, StreamedEvent, TurnRequest
from chatbot_saas.api.endpoint import chat_key, check_page, endpoint
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.views import described
from conversations.models import Channel
from conversations.turns import access
from conversations.turns.events import as_sse, sequence
from conversations.turns.follow import follow
from conversations.turns.question import check_text
from conversations.turns.run import start_turn
from conversations.turns.values import Question, TurnRef
from core.errors import InvalidRequest, NotFound
from core.ids import new_id
from core.keep_alive import COMMENT, with_keep_alive
from tenants.context import in_tenant
from tenants.keys.api_keys import APIKeyIdentity
from tenants.keys.visitor_tokens import read_visitor_token, renew_token
from tenants.limits.forms import address_of


@described(
    "POST",
    scope="chat",
    public_key=True,
    operation_id="create_turn",
    tags=["Chat"],
    summary="Ask in a conversation, and stream what happens.",
    description="Each event has an `id`, an `event` and a `data`: `turn.started`, `turn.delta`, "
    "`turn.citation`, then `turn.completed` or `turn.failed`. The header `X-Conversation-ID` "
    "names the conversation.",
    request=TurnRequest,
    responses={(200, SSE): StreamedEvent, 402: Problem},
)
@endpoint("POST", cors=True)
async def create_turn(request: HttpRequest, chatbot_id: UUID) -> StreamingHttpResponse:
    """Starts a turn (or finds the one of this `client_turn_id`) and streams its events."""
    key = chat_key(request)
    await check_page(request, key, chatbot_id)
    body = read_body(request, TurnRequest)
    visitor_id = _visitor(key, chatbot_id, body.visitor_token)
    started = await start_turn(
        Question(
            tenant_id=key.tenant_id,
            chatbot_id=chatbot_id,
            text=check_text(body.text),
            client_turn_id=body.client_turn_id,
            visitor_id=visitor_id,
            conversation_id=body.conversation_id,
            channel=Channel.WIDGET if key.kind == "publishable" else Channel.API,
            address=address_of(request) if key.kind == "publishable" else None,
        )
    )
    response = _stream(started.turn, 0)
    response.headers["X-Conversation-ID"] = str(started.turn.conversation_id)
    if visitor_id is not None:
        response.headers["X-Visitor-Token"] = renew_token(
            body.visitor_token, key.tenant_id, chatbot_id, visitor_id
        )
    return response


@described(
    "GET",
    scope="chat",
    public_key=True,
    operation_id="follow_turn",
    tags=["Chat"],
    summary="Follow a turn from an event on.",
    description="Fifteen minutes after its end, a turn is one `turn.snapshot`.",
    parameters=[
        OpenApiParameter(
            "Last-Event-ID",
            location="header",
            description="The id of the last event that arrived. Browsers send it by themselves when a "
            "stream breaks off.",
        ),
        OpenApiParameter(
            "X-Visitor-Token", location="header", description="Needed with a publishable key."
        ),
    ],
    responses={(200, SSE): StreamedEvent},
)
@endpoint("GET", cors=True)
async def turn_events(
    request: HttpRequest, chatbot_id: UUID, turn_id: UUID
) -> StreamingHttpResponse:
    """A turn's events after `Last-Event-ID`: from the log, or as one snapshot when that is gone."""
    key = chat_key(request)
    await check_page(request, key, chatbot_id)
    token = request.headers.get("X-Visitor-Token")
    if token is None and key.kind == "publishable":
        raise NotFound("There is no such turn.")
    visitor_id = _visitor(key, chatbot_id, token)
    turn = await in_tenant(
        key.tenant_id,
        access.access_turn,
        key.tenant_id,
        turn_id,
        chatbot_id=chatbot_id,
        visitor_id=visitor_id,
    )
    after = sequence(request.headers.get("Last-Event-ID"), turn_id)
    if after is None:
        raise InvalidRequest("This Last-Event-ID is not of this turn.", param="Last-Event-ID")
    return _stream(turn, after)


def _visitor(key: APIKeyIdentity, chatbot_id: UUID, token: str | None) -> UUID | None:
    """Who asks: the token's visitor, a new one, or for a secret key alone anybody (None)."""
    if token is not None:
        return read_visitor_token(token, tenant_id=key.tenant_id, chatbot_id=chatbot_id)
    return new_id() if key.kind == "publishable" else None


def _stream(turn: TurnRef, after: int) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        _frames(turn, after),
        content_type="text/event-stream",
        # A proxy that gathers an answer before it passes it on would hide that it streams.
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _frames(turn: TurnRef, after: int) -> AsyncIterator[str]:
    async with aclosing(with_keep_alive(follow(turn, after))) as batches:
        async for batch in batches:
            yield COMMENT if batch is None else "".join(map(as_sse, batch))
