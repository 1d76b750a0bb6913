"""Which tenant a request is for, before any view; and the tenant's context around sync views."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.http.request import split_domain_port
from django.utils.decorators import async_only_middleware

from core.areas import find_area
from core.errors import AppError, InvalidRequest, NotFound, Unauthenticated
from core.responses import database_away, error_response
from tenants.access import Caller, resolve_caller
from tenants.context import (
    DATABASE_AWAY,
    PLATFORM,
    ScopeError,
    in_platform,
    run_in_scope,
    tenant_scope,
)
from tenants.limits.forms import address_of
from tenants.people.member_tokens import MemberPrincipal
from tenants.workspace.caller import note_caller, note_unproven

# What servers call each other by inside a network: `web1`, 10.0.0.7, [fd00::7].
_INNER_HOST = re.compile(r"[a-z0-9_-]+|[0-9.]+|\[[0-9a-f:.]+\]")
_BEARER = re.compile(r"Bearer ([!-~]{1,2000})", re.IGNORECASE)


def _tenant_host(request: HttpRequest) -> str | None:
    """The host name without port; None for the platform's own hosts."""
    try:
        host, _ = split_domain_port(request.get_host())
    except DisallowedHost as error:
        raise InvalidRequest("The Host header is no host name.") from error
    if not host:
        raise NotFound("There is no workspace at this address.")
    return None if host in settings.PLATFORM_HOSTS else host


def _bearer(request: HttpRequest) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    match = _BEARER.fullmatch(header)
    if match is None:
        raise Unauthenticated("The Authorization header must be “Bearer” and an API key.")
    return match[1]


async def resolve_request(request: HttpRequest) -> Caller:
    """Whose request it is, by its host and key. Raises `AppError`."""
    area = find_area(request.path)
    if area.any_host:
        return Caller(None)
    host = _tenant_host(request)
    if area.inner_hosts and host is not None and _INNER_HOST.fullmatch(host):
        return Caller(None)
    bearer = _bearer(request) if area.keys else None
    if host is None and bearer is None:
        return Caller(None, on_platform_host=True)
    return await in_platform(
        resolve_caller, host=host, bearer=bearer, has_origin="Origin" in request.headers
    )


@async_only_middleware
def tenant_middleware(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[Any], Awaitable[HttpResponseBase]]:
    """Sets `request.tenant_id` and `request.api_key`; never from a body, a query or a client header."""

    async def middleware(request: Any) -> HttpResponseBase:
        try:
            caller = await resolve_request(request)
        except AppError as error:
            return error_response(error, request)
        except DATABASE_AWAY as error:
            return error_response(database_away(error), request)
        request.tenant_id, request.api_key = caller.tenant_id, caller.key
        note_caller(address_of(request))
        if isinstance(caller.key, MemberPrincipal) and not caller.key.confirmed:
            note_unproven()
        if caller.on_platform_host:
            request.urlconf = settings.PLATFORM_URLCONF
        return await get_response(request)

    return middleware


class TenantViewMiddleware:
    """Last in the list: runs a sync view inside its tenant. Async views open contexts themselves."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return await self._get_response(request)

    async def process_view(
        self, request: Any, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if iscoroutinefunction(view):
            return None
        scope = PLATFORM if request.tenant_id is None else tenant_scope(request.tenant_id)
        return await sync_to_async(run_in_scope)(scope, lambda: _call(view, request, args, kwargs))


def _call(view: Callable[..., Any], request: Any, args: Any, kwargs: Any) -> HttpResponseBase:
    """The view's response, rendered while the context is open. Streams must be async views."""
    try:
        response: Any = view(request, *args, **kwargs)
    except AppError as error:
        return error_response(error, request)
    if hasattr(response, "render") and not response.is_rendered:
        response = response.render()
    if response.streaming and getattr(response, "file_to_stream", None) is None:
        raise ScopeError("a sync view may not stream: the stream would outlive its tenant")
    return cast(HttpResponseBase, response)
