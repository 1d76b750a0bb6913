"""What Django REST framework is told of our API: who calls, what they may, how bodies, answers and errors
look. `REST_FRAMEWORK` in the settings names these."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from chatbot_saas.api.bodies import decode_json
from core.errors import (
    AppError,
    InvalidRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMedia,
)
from core.responses import database_away, problem_response
from tenants.access import require_scope
from tenants.context import DATABASE_AWAY
from tenants.keys.api_keys import APIKeyIdentity

JSON = "application/json"
FORM = "multipart/form-data"
_encode = msgspec.json.Encoder().encode


class KeyAuthentication(BaseAuthentication):
    """The key that the tenant middleware found and tried."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, APIKeyIdentity] | None:
        key = getattr(request._request, "api_key", None)
        return None if key is None else (AnonymousUser(), key)


class ScopePermission(BasePermission):
    """A secret key with the scope that the view asks for; the refusal says what is missing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = view.required_scope
        if scope is not None:
            key: Any = request.auth
            require_scope(key, scope)
        return True


class OneForm(DefaultContentNegotiation):
    """There is one form of answer, so whoever asks for another gets it too."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class JSONBody(BaseParser):
    """A JSON body, whatever its content type says: `curl -d` says that it is a form."""

    media_type = "*/*"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return decode_json(stream.read())


class JSONAnswer(BaseRenderer):
    """What a view gives back as JSON; None is no body."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else _encode(data)


def answer_error(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """A refusal as a problem. None for what is no refusal: Django answers and reports it."""
    refusal = _as_app_error(error, context["view"])
    return None if refusal is None else problem_response(refusal, context["request"]._request)


def _as_app_error(error: Exception, view: Any) -> AppError | None:
    allowed, parsers = view.allowed_methods, view.parser_classes
    match error:
        case AppError():
            return error
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(f"Use {' or '.join(allowed)} here.", allowed=allowed)
        case exceptions.UnsupportedMediaType():
            kinds = " or ".join(each.media_type for each in parsers)
            return UnsupportedMedia(f"Send it as {kinds}; a form has it in the field “file”.")
        case RequestDataTooBig():
            return PayloadTooLarge("The request is too large.")
        case SuspiciousOperation() | exceptions.ParseError():
            return InvalidRequest("The request cannot be read, or has more parts than it may have.")
    return database_away(error) if isinstance(error, DATABASE_AWAY) else None
