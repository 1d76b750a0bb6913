"""What the plain async views share: methods, errors in the product's form, CORS, the caller.

They are not DRF's: it is synchronous, and Django collects a synchronous stream into a list.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from chatbot_saas.api.views import refuse_unknown
from conversations.chatbots import origins
from conversations.turns.selectors import get_chatbot
from core.errors import (
    AppError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Unauthenticated,
)
from core.responses import database_away, problem_response
from tenants.context import DATABASE_AWAY, in_tenant
from tenants.keys.api_keys import APIKeyIdentity

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]

# Any page may ask: which pages may use a chatbot is checked with the request's Origin.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "X-Request-ID, X-Visitor-Token, X-Conversation-ID, Retry-After, x-ratelimit-limit-requests, "
        "x-ratelimit-remaining-requests, x-ratelimit-reset-requests"
    ),
}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, X-Visitor-Token",
    "Access-Control-Max-Age": "600",
}


_NO_PARTS: tuple[bytes, ...] = ()


def endpoint(method: str, *, cors: bool = False) -> Callable[[View], View]:
    """An async view of one method. With `cors` a page of any origin may read the answer: whose page
    it is, is checked on the request itself."""

    def decorate(view: View) -> View:
        @wraps(view)
        async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # A browser asks first, without a key, so this comes before anybody is identified.
            if cors and request.method == "OPTIONS":
                return HttpResponse(status=204, headers=_PREFLIGHT)
            response = await _answer(view, method, request, *args, **kwargs)
            for name, value in _CORS.items() if cors else ():
                response.headers[name] = value
            return response

        return wrapped

    return decorate


async def _answer(
    view: View, method: str, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    allowed = ["GET", "HEAD"] if method == "GET" else [method]
    try:
        if request.method not in allowed:
            raise MethodNotAllowed(f"Use {' or '.join(allowed)} here.", allowed=allowed)
        refuse_unknown(request.GET)
        response = await view(request, *args, **kwargs)
        return _bare(response) if request.method == "HEAD" else response
    except AppError as error:
        return problem_response(error, request)
    # Django reads the body late, inside of the view.
    except RequestDataTooBig:
        return problem_response(PayloadTooLarge("The request is too large."), request)
    except TooManyFieldsSent:
        return problem_response(InvalidRequest("There are too many parameters."), request)
    except DATABASE_AWAY as error:
        return problem_response(database_away(error), request)


def _bare(response: HttpResponseBase) -> StreamingHttpResponse:
    """The same without its body, of which not a byte is waited for. A stream has no length, and an empty
    response would be given one."""
    return StreamingHttpResponse(
        _nothing(), status=response.status_code, headers=dict(response.headers)
    )


async def _nothing() -> AsyncIterator[bytes]:
    for part in _NO_PARTS:
        yield part


def chat_key(request: HttpRequest) -> APIKeyIdentity:
    """The caller's key, when it may chat. Raises `Unauthenticated`, `PermissionDenied`."""
    key: APIKeyIdentity | None = getattr(request, "api_key", None)
    if key is None:
        raise Unauthenticated("Send an API key: “Authorization: Bearer cb_…”.")
    if "chat" not in key.scopes:
        raise PermissionDenied("This API key lacks the scope “chat”.")
    return key


def secret_key(request: HttpRequest) -> APIKeyIdentity:
    """The same for what a page may not ask."""
    key = chat_key(request)
    if key.is_public:
        raise PermissionDenied("This needs a secret key; a publishable key opens chats alone.")
    return key


async def check_page(request: HttpRequest, key: APIKeyIdentity, chatbot_id: UUID) -> None:
    """A publishable key reaches its own chatbot, from pages on the chatbot's list alone.

    Raises `NotFound`, `PermissionDenied`. A secret key passes.
    """
    if not key.is_public:
        return
    # As if it were not there: a key tells nothing of other chatbots.
    if key.chatbot_id != chatbot_id:
        raise NotFound("There is no such chatbot.")
    chatbot = await in_tenant(key.tenant_id, get_chatbot, chatbot_id)
    if not origins.is_allowed(request.headers.get("Origin"), chatbot.allowed_origins):
        raise PermissionDenied(
            "This chatbot may not be used from this page.", detail_code="origin_not_allowed"
        )
