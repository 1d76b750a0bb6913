"""How fast a workspace's files are taken in while others are about, and how many of one sender wait."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpResponseBase
from django.utils.decorators import async_only_middleware

from chatbot_saas.gate.places import Places
from core.areas import find_area
from core.errors import RateLimited
from core.responses import error_response
from tenants.limits.pace import Pace

# Taking one in costs half as much as an answer, and more than these are not read in a second anyway.
_PER_SECOND, _pace = 2.0, Pace(at_once=1.2, at_most=10.0)
# Of the twenty or so that the workspace may have waiting: a colleague's file finds a place.
_waiting = Places(8, retry_after=2)


@async_only_middleware
def pace_uploads(
    get_response: Callable[[Any], Awaitable[HttpResponseBase]],
) -> Callable[[Any], Awaitable[HttpResponseBase]]:
    """Lets a file wait until its workspace may send the next one. Comes after who sends it is known."""

    async def middleware(request: Any) -> HttpResponseBase:
        # Who may not send files is refused by the view, and takes no time of those who may.
        if sender := _sender(request):
            try:
                with _waiting.of(sender):
                    await _pace.until_due(request.tenant_id, _PER_SECOND)
            except RateLimited as error:
                return error_response(error, request)
        return await get_response(request)

    return middleware


def _sender(request: Any) -> str | None:
    if request.method != "POST" or not find_area(request.path).uploads:
        return None
    key, member = request.api_key, request.member
    if key is not None and not key.is_public and "documents:write" in key.scopes:
        return f"key:{key.key_id}"
    if member is not None and member.may("documents:write"):
        return f"member:{member.user_id}:{member.tenant_id}"
    return None
