"""DRF's side of the API: the key found by the middleware, and errors in the product's one form."""

from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import (
    AppError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    Unauthenticated,
    UnsupportedMedia,
    problem,
    problem_headers,
)
from tenants.api_keys import APIKeyIdentity

_BY_STATUS: dict[int, type[AppError]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    415: UnsupportedMedia,
    429: RateLimited,
}


class KeyUser:
    """What DRF calls the user: an API key is no person."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: APIKeyIdentity) -> None:
        self.pk: UUID = key.key_id


def key_of(request: Request) -> APIKeyIdentity | None:
    """The key that `tenants.middleware` has authenticated; None without one."""
    key: APIKeyIdentity | None = getattr(request._request, "api_key", None)
    return key


class KeyAuthentication(BaseAuthentication):
    """The key that `tenants.middleware` has authenticated already."""

    def authenticate(self, request: Request) -> tuple[KeyUser, APIKeyIdentity] | None:
        key = key_of(request)
        return (KeyUser(key), key) if key else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def as_app_error(error: Exception) -> AppError | None:
    """Django's and DRF's own refusals as ours; None for a fault."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, Http404):
        return NotFound("There is nothing here.")
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge("The request is too large.")
    if isinstance(error, exceptions.NotAuthenticated):
        return Unauthenticated("Send an API key: “Authorization: Bearer cb_sk_live_…”.")
    if isinstance(error, exceptions.APIException):
        kind = _BY_STATUS.get(error.status_code)
        if kind is None:
            kind = InvalidRequest if error.status_code < 500 else InternalError
        return kind(str(error.detail))
    return None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook; returning None lets a fault of ours become a logged 500."""
    known = as_app_error(error)
    if known is None:
        return None
    request = context["request"]
    body = problem(
        known, request_id=getattr(request._request, "request_id", ""), instance=request.path
    )
    return Response(
        body,
        status=known.status,
        headers=problem_headers(known),
        content_type="application/problem+json",
    )
