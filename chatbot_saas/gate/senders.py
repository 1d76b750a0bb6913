"""Who sends a large body, asked before it is read: a stranger's is not taken in, and nobody's twice over.

Django spools the whole body before it looks for a view, so twenty strangers could fill a disk.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from core.areas import find_area
from core.errors import RateLimited, Unauthenticated
from core.responses import database_away
from tenants.access import require_scope
from tenants.context import DATABASE_AWAY, in_platform
from tenants.limits.pace import Pace
from tenants.middleware import resolve_request
from tenants.people.sessions import find_signed_in

_SCOPE = "documents:write"
# Large files that one account or key sends to one process at once; a page sends three.
AT_ONCE = 6
# Of a workspace's files while others are about: taking one in costs half as much as an answer, and
# more than these are not read in a second anyway.
_PER_SECOND, _pace = 2.0, Pace(at_once=1.2, at_most=10.0)

_sending: Counter[str] = Counter()


@asynccontextmanager
async def admitted(scope: dict[str, Any], *, is_large: bool) -> AsyncIterator[None]:
    """While the body is read. Raises `AppError` for who may not send it, or sends too much at once."""
    try:
        sender, tenant_id = await _sender(scope)
    except DATABASE_AWAY as error:
        raise database_away(error) from error
    if is_large and _sending[sender] >= AT_ONCE:
        raise RateLimited("Too many files are sent at once. Wait for one of them.", retry_after=5)
    _sending[sender] += is_large
    try:
        await _pace.until_due(tenant_id, _PER_SECOND)
        yield
    finally:
        _sending[sender] -= is_large
        if _sending[sender] <= 0:
            del _sending[sender]


async def _sender(scope: dict[str, Any]) -> tuple[str, UUID]:
    """Who counts as one, and the workspace that the body is for."""
    request = ASGIRequest(scope, BytesIO())
    caller = await resolve_request(request)
    if find_area(scope["path"]).keys:
        # A public key stands in a page that anybody may open: it takes nobody's place.
        key = require_scope(caller.key, _SCOPE)
        return f"key:{key.key_id}", key.tenant_id
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    tenant_id = caller.tenant_id
    user_id = None
    if cookie and tenant_id:
        user_id = await in_platform(find_signed_in, cookie, tenant_id.hex)
    if tenant_id is None or user_id is None:
        raise Unauthenticated("Log in again, then upload the file.")
    return f"user:{user_id}", tenant_id
