"""Who sends a large body, asked before it is read: a stranger's is not taken in, and nobody's twice over.

Django spools the whole body before it looks for a view, so twenty strangers could fill a disk.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from chatbot_saas.gate.places import Places
from core.areas import find_area
from core.errors import Unauthenticated
from core.responses import database_away
from tenants.access import require_scope
from tenants.context import DATABASE_AWAY, in_platform
from tenants.middleware import resolve_request
from tenants.people.sessions import find_signed_in

_SCOPE = "documents:write"
# Files that one account or key sends to one process at once; a page sends three.
AT_ONCE = 6

_sending = Places(AT_ONCE, retry_after=5)


@asynccontextmanager
async def admitted(scope: dict[str, Any]) -> AsyncIterator[None]:
    """While the body is read. Raises `AppError` for who may not send it, or sends too much at once."""
    try:
        sender = await _sender(scope)
    except DATABASE_AWAY as error:
        raise database_away(error) from error
    with _sending.of(sender):
        yield


async def _sender(scope: dict[str, Any]) -> str:
    request = ASGIRequest(scope, BytesIO())
    caller = await resolve_request(request)
    if find_area(scope["path"]).keys:
        # A public key stands in a page that anybody may open: it takes nobody's place.
        return f"key:{require_scope(caller.key, _SCOPE).key_id}"
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    area = caller.tenant_id.hex if caller.tenant_id else ""
    user_id = await in_platform(find_signed_in, cookie, area) if cookie and area else None
    if user_id is None:
        raise Unauthenticated("Log in again, then upload the file.")
    return f"user:{user_id}"
