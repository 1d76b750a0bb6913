"""A form that was sent after its session had ended: kept until its sender has logged in again."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import Http404, QueryDict
from django.urls import resolve

from chatbot_saas.web.once import keep_once, take_once
from core.errors import AppError
from tenants.limits.forms import throttle
from tenants.people.sessions import AREA, area_of
from tenants.requests import TenantRequest

_NAME = "unsent"
_MOST_CHARACTERS = 40_000
_SECRET = frozenset({"password", "current", "own_password", "csrfmiddlewaretoken", "code"})


def page_of_form(path: str) -> str:
    """The page that shows the form which is sent to this path: the nearest one above it."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] or "/"
        try:
            resolve(path)
        except Http404:
            continue
        return path
    return "/"


def keep_unsent(request: TenantRequest) -> str:
    """Keeps what was posted, but for secrets, and gives the page to come back to."""
    back = page_of_form(request.path)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    text = urlencode([(name, value) for name, value in fields if name not in _SECRET])
    # Of who had a session alone, and not for ever: a stranger's text would fill the table.
    if text and len(text) <= _MOST_CHARACTERS and settings.SESSION_COOKIE_NAME in request.COOKIES:
        try:
            throttle(request, "unsent", per_address="20/5m")
        except AppError:
            return back
        request.session[AREA] = area_of(request)
        keep_once(request, _NAME, {"page": back, "fields": text})
    return back


def take_unsent(request: TenantRequest, form: type[forms.Form]) -> dict[str, Any]:
    """What was typed into such a form of this page, as its initial values; nothing otherwise."""
    kept = take_once(request, _NAME)
    if kept is None or kept["page"] != request.path:
        return {}
    sent = QueryDict(kept["fields"])
    return {
        name: field.widget.value_from_datadict(sent, {}, name)
        for name, field in form.base_fields.items()
        if name in sent and name not in _SECRET
    }
