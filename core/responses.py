"""One error, two forms: problem+json for programs, a page for people."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from core.areas import find_area
from core.errors import AppError, Unavailable, problem, problem_headers

log = logging.getLogger(__name__)


def problem_response(error: AppError, request: HttpRequest) -> JsonResponse:
    """An error as `application/problem+json`, readable for OpenAI's clients too."""
    headers = problem_headers(error)
    # The page that holds the widget must be able to read why it was refused.
    if find_area(request.path).any_origin_reads_errors:
        headers["Access-Control-Allow-Origin"] = "*"
    return JsonResponse(
        problem(error, request_id=_request_id(request), instance=request.path),
        status=error.status,
        content_type="application/problem+json",
        headers=headers,
    )


def error_page(error: AppError, request: HttpRequest) -> HttpResponse:
    """An error as a page, or as an alert for a part of a page that htmx asked for. Reads no database."""
    template = "_error.html" if request.headers.get("HX-Request") else "error.html"
    context = {"error": error, "title": _(error.title), "request_id": _request_id(request)}
    return HttpResponse(
        render_to_string(template, context),
        status=error.status,
        headers=problem_headers(error),
    )


def error_response(error: AppError, request: HttpRequest) -> HttpResponse:
    """A page for who asks for HTML outside of the API; else problem+json."""
    wants_page = (
        "text/html" in request.headers.get("Accept", "") and not find_area(request.path).keys
    )
    return error_page(error, request) if wants_page else problem_response(error, request)


def database_away(error: Exception) -> Unavailable:
    """What a caller is told while PostgreSQL cannot be reached: no fault of theirs, and it passes."""
    log.warning("a request could not be served: %s", type(error).__name__)
    return Unavailable("The service is not available at the moment.", retry_after=2)


def _request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
