"""Django's own error pages, in the product's one form."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from core.errors import AppError, InternalError, InvalidRequest, NotFound, PermissionDenied
from tenants.middleware import problem_response


def _render(request: HttpRequest, error: AppError) -> HttpResponse:
    return problem_response(error, request)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _render(request, InvalidRequest("The request could not be read."))


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _render(request, PermissionDenied("This is not allowed."))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _render(request, NotFound("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _render(
        request, InternalError("Something broke on our side. Quote the request id when you ask us.")
    )
