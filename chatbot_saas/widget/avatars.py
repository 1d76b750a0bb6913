"""Pictures of chatbots over HTTP, for any page of any origin."""

import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chatbot_saas.widget.remembered import NotNow, Remembered
from conversations.chatbots.avatars import read_avatar
from conversations.chatbots.pictures import CONTENT_TYPES
from core.client_ip import network_of
from core.errors import NotFound, Unavailable
from core.responses import problem_response
from tenants.limits.forms import address_of

# Of at most 64 kB each.
_avatars: Remembered[bytes] = Remembered(read_avatar, most=64)
_NAME = re.compile(r"[0-9a-f]{32}\.(png|jpg|webp)")
# Its name is made of its content, so it never changes. Opened by itself it is a picture and no page.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@require_safe
async def avatar(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """The picture of the key's chatbot, as long as that is its name."""
    known = _NAME.fullmatch(name)
    try:
        found = known and await _avatars.find(key, network_of(address_of(request)), name)
    except NotNow:
        busy = Unavailable("The picture cannot be looked up now. Try again shortly.", retry_after=5)
        return problem_response(busy, request)
    if not known or not found:
        return problem_response(NotFound("There is nothing at this address."), request)
    return HttpResponse(found, content_type=CONTENT_TYPES[known[1]], headers=_HEADERS)
