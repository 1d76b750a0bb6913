"""Whose session it is, before any view: Django's sessions, tied to one host's tenant.

All hosts share a table of sessions, so a session says where it was opened: on the platform's host, in
the operator's admin, or in one tenant. Anywhere else it is nobody's, and a membership is looked up
again at every request.
"""

import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, cast

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date

from core.areas import Cookie, find_area
from tenants.context import in_platform, platform_context
from tenants.models import User
from tenants.people.members import find_member
from tenants.requests import TenantRequest
from tenants.workspace.caller import note_unproven
from tenants.workspace.services import record_event

AREA = "area"
# The platform's session that led here: when it has ended, this one has, too.
_ANCHOR = "anchor"
OPERATOR = "operator"
PLATFORM = "platform"


def area_of(request: HttpRequest) -> str:
    """Where this request is: the operator's admin, the platform's pages, or one tenant's (its hex)."""
    tenant_id = cast(TenantRequest, request).tenant_id
    if tenant_id is not None:
        return tenant_id.hex
    return OPERATOR if find_area(request.path).cookie is Cookie.OPERATOR else PLATFORM


def sign_in(request: HttpRequest, user: User, *, anchor: str = "", again: bool = False) -> None:
    """Open a session of this user, here alone; the session's key changes. With an `anchor` it ends with
    that session of the platform's. `again`: it goes on, and the trail has its beginning already."""
    with platform_context():
        auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[AREA] = area_of(request)
    if anchor:
        request.session[_ANCHOR] = anchor
    # The platform's sessions open no workspace, and are in no trail.
    if cast(TenantRequest, request).tenant_id is not None and not again:
        record_event(action="login.entered" if anchor else "login.succeeded", actor=str(user.pk))


def find_signed_in(session_key: str, area: str) -> str | None:
    """The id of who is signed in there with this cookie, before there is a request."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return session.get(auth.SESSION_KEY) if session.get(AREA) == area else None


def session_key_of(request: HttpRequest) -> str:
    """The key of the open session, which is made when it has none yet."""
    with platform_context():
        if not request.session.session_key:
            request.session.create()
    return str(request.session.session_key)


def sign_out(request: HttpRequest) -> None:
    """End the session now, and the platform's that led to it, with all workspaces that were entered from
    there; their cookies are worth nothing afterwards."""
    anchor = request.session.get(_ANCHOR)
    member = cast(TenantRequest, request).member
    if member is not None:
        record_event(action="login.ended", actor=member.actor)
    with platform_context():
        if anchor:
            request.session.delete(anchor)
        auth.logout(request)


class IdentityMiddleware(SessionMiddleware, AuthenticationMiddleware):
    """Django's session and user, read in one database step; sets `request.member` on tenants' hosts."""

    sync_capable = False
    async_capable = True

    async def __acall__(self, request: Any) -> HttpResponseBase:
        request.user, request.member = AnonymousUser(), None
        if find_area(request.path).cookie is Cookie.NONE:
            return await self._pass_on(request)
        cookie, _ = _cookie(request)
        request.session = self.SessionStore(request.COOKIES.get(cookie))
        if request.session.session_key:
            await in_platform(_identify, request, self.SessionStore)
            # Here, and not on the thread that looked: what is noted there stays there.
            if request.member is not None and not request.member.confirmed:
                note_unproven()
        return await _remember(request, await self._pass_on(request))

    async def _pass_on(self, request: HttpRequest) -> HttpResponseBase:
        # Django's types know this one of a synchronous chain alone.
        get_response = cast(
            "Callable[[HttpRequest], Awaitable[HttpResponseBase]]", self.get_response
        )
        return await get_response(request)


class CsrfMiddleware(CsrfViewMiddleware):
    """Django's own, where a cookie says who somebody is; a key or token cannot be borrowed that way."""

    def process_view(
        self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if not find_area(request.path).csrf:
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


def _cookie(request: HttpRequest) -> tuple[str, str]:
    """The cookie's name and path. The operator's is one of its own, so that neither opens the other."""
    if area_of(request) == OPERATOR:
        return settings.OPERATOR_COOKIE_NAME, "/admin/"
    return settings.SESSION_COOKIE_NAME, "/"


def _identify(request: Any, store: Any) -> None:
    if request.session.get(AREA) != area_of(request):
        # Of another host, or of a sign-in that is over: left alone, and nobody's here.
        request.session = store()
        return
    anchor = request.session.get(_ANCHOR)
    if anchor and not request.session.exists(anchor):
        request.session = store()
        return
    user = auth.get_user(request)
    if isinstance(user, AnonymousUser):
        return
    if request.tenant_id is not None:
        request.member = find_member(user_id=user.pk, tenant_id=request.tenant_id)
        if request.member is None:
            return
    request.user = user


async def _remember(request: Any, response: HttpResponseBase) -> HttpResponseBase:
    session = request.session
    name, path = _cookie(request)
    patch_vary_headers(response, ("Cookie",))
    if session.is_empty():
        if name in request.COOKIES:
            response.delete_cookie(name, path=path, samesite="Lax")
        return response
    if session.modified and response.status_code < 500:
        await in_platform(session.save)
        age = session.get_expiry_age()
        response.set_cookie(
            name,
            session.session_key,
            max_age=age,
            expires=http_date(time.time() + age),
            path=path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
