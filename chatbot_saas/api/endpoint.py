"""What the plain async views share: methods, errors in the product's form, CORS, the caller.

They are not DRF's: it is synchronous, and Django collects a synchronous stream into a list.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from conversations.chatbots import origins
from conversations.turns.selectors import get_chatbot
from core.errors import (
    AppError,
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
    try:
        if request.method != method:
            raise MethodNotAllowed(f"Use {method} here.", allowed=[method])
        return await view(request, *args, **kwargs)
    except AppError as error:
        return problem_response(error, request)
    # Django reads the body late, inside of the view.
    except RequestDataTooBig:
        return problem_response(PayloadTooLarge("The request is too large."), request)
    except DATABASE_AWAY as error:
        return problem_response(database_away(error), request)


def chat_key(request: HttpRequest) -> APIKeyIdentity:
    """The caller's key, when it may chat. Raises `Unauthenticated`, `PermissionDenied`."""
    key: APIKeyIdentity | None = getattr(request, "api_key", None)
    if key is None:
        raise Unauthenticated("Send an API key: “Authorization: Bearer cb_…”.")
    if "chat" not in key.scopes:
        raise PermissionDenied("This API key lacks the scope “chat”.")
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
