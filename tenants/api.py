"""DRF's side of the API: the key found by the middleware, and errors in the product's one form."""

from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
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
    Unavailable,
    UnsupportedMedia,
    problem,
    problem_headers,
)
from tenants.api_keys import APIKeyIdentity
from tenants.context import DATABASE_AWAY

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


# Django's own refusals, and a database that is away, as ours.
_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], AppError], ...] = (
    (Http404, NotFound("There is nothing here.")),
    (RequestDataTooBig, PayloadTooLarge("The request is too large.")),
    (SuspiciousOperation, InvalidRequest("The request has more fields or files than it may have.")),
    (DATABASE_AWAY, Unavailable("The service is not available at the moment.", retry_after=2)),
    (
        exceptions.NotAuthenticated,
        Unauthenticated("Send an API key: “Authorization: Bearer cb_sk_live_…”."),
    ),
)


def as_app_error(error: Exception) -> AppError | None:
    """Django's and DRF's own refusals as ours; None for a fault."""
    if isinstance(error, AppError):
        return error
    for kinds, known in _KNOWN:
        if isinstance(error, kinds):
            return known
    if not isinstance(error, exceptions.APIException):
        return None
    otherwise = InvalidRequest if error.status_code < 500 else InternalError
    return _BY_STATUS.get(error.status_code, otherwise)(str(error.detail))


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
