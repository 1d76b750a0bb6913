"""The operator's logo over HTTP."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.errors import NotFound
from core.responses import problem_response

# Its name is made of its content, so it never changes. An SVG that is opened by itself is a page: it may
# look as it does, and nothing else.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponse:
    """The logo for light or for dark pages, as long as that is its name."""
    for each in (settings.OPERATOR_LOGO, settings.OPERATOR_LOGO_DARK):
        if each is not None and each.name == name:
            return HttpResponse(each.content, content_type=each.content_type, headers=_HEADERS)
    return problem_response(NotFound("There is nothing at this address."), request)
