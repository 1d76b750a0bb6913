"""A page that looks like somebody else's shop, with the demo's widget on it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chatbot_saas.demo.access import known_key

_STYLESHEET = settings.BASE_DIR / "static" / "css" / "shop.css"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The shop, on the platform's host and where there is a demo workspace."""
    key = known_key() if getattr(request, "tenant_id", None) is None else None
    if key is None:
        raise Http404
    context = {"key": key, "platform": "", "stylesheet": "/demo/shop.css"}
    return render(request, "demo/shop.html", context)


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_STYLESHEET.read_bytes(), content_type="text/css; charset=utf-8")
