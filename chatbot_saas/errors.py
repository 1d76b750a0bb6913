"""Django's own error pages, in the product's forms."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chatbot_saas.api.reference import say_nothing_here
from core.errors import AppError, InternalError, InvalidRequest, NotFound, PermissionDenied
from core.responses import error_response


def _render(request: HttpRequest, error: AppError) -> HttpResponse:
    return error_response(error, request)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _render(request, InvalidRequest("The request could not be read."))


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _render(request, PermissionDenied("This is not allowed."))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    # A page's reader looks for a page, a program for a path of the API.
    wants_page = "text/html" in request.headers.get("Accept", "")
    told = "There is nothing at this address." if wants_page else say_nothing_here(request.path)
    return _render(request, NotFound(told))


def server_error(request: HttpRequest) -> HttpResponse:
    return _render(
        request, InternalError("Something broke on our side. Quote the request id when you ask us.")
    )


_SECRETS = frozenset({"password", "current", "code", "new_password1", "new_password2"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is stale. What was typed is offered to be sent again, but only where the
    browser says that our own page sent it: another site's form must not become one click away.
    """
    error = PermissionDenied(
        "This page was open for too long, or cookies are switched off. Load it again and send it again."
    )
    ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    # A secret is not written into a page, and a file cannot be: the browser's way back keeps both.
    bare = request.FILES or _SECRETS & request.POST.keys()
    if not ours or bare or request.headers.get("HX-Request"):
        return error_response(error, request)
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    context = {"fields": fields, "action": request.get_full_path()}
    response = render(request, "send_again.html", context, status=403)
    response.headers["Cache-Control"] = "private, no-store"
    return response
