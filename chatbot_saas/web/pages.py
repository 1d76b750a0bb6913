"""What every page of the dashboard shares: who may see it, and errors as pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.errors import AppError, PermissionDenied, TenantSuspended
from core.responses import error_page
from tenants.people.members import Member
from tenants.people.roles import Permission

View = Callable[..., HttpResponseBase]


def page(permission: Permission, *methods: str) -> Callable[[View], View]:
    """A page of a workspace, for members whose role has the permission. Methods: GET unless named.

    Who is not signed in is sent to the log-in; who may not, gets a page that says so.
    """
    return _admitting(lambda request: _admit(request, permission), methods or ("GET",))


def member_page(*methods: str) -> Callable[[View], View]:
    """A page for every member, also of a suspended workspace: the account, leaving, signing out."""
    return _admitting(_require_member, methods or ("GET",))


def open_page(*methods: str) -> Callable[[View], View]:
    """A page for anybody: log-in, sign-up, invitations."""
    return _admitting(lambda request: None, methods or ("GET",))


class SignInRequired(Exception):
    """Control flow: the visitor of a page is nobody yet."""


def _admitting(admit: Callable[[Any], object], methods: tuple[str, ...]) -> Callable[[View], View]:
    safe = ["HEAD"] if "GET" in methods else []

    def decorate(view: View) -> View:
        @require_http_methods([*methods, *safe])
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = _answer(admit, view, request, *args, **kwargs)
            # A page must not come back from a cache after its reader has signed out.
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return wrapped

    return decorate


def _answer(
    admit: Callable[[Any], object], view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    try:
        admit(request)
        return view(request, *args, **kwargs)
    except SignInRequired:
        return _to_sign_in(request)
    except AppError as error:
        return error_page(error, request)


def _require_member(request: Any) -> Member:
    if request.member is None:
        raise SignInRequired
    return request.member  # type: ignore[no-any-return]


def _admit(request: Any, permission: Permission) -> None:
    member = _require_member(request)
    if member.suspended:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    if not member.may(permission):
        raise PermissionDenied(
            "Your role does not allow this. An owner or admin of this workspace can change it."
        )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    came_from = request.get_full_path() if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        # htmx would put the log-in page into the part it asked for.
        return HttpResponse(headers={"HX-Redirect": reverse("login")})
    return redirect(f"{reverse('login')}?next={quote(came_from, safe='/')}")


def member_of(request: HttpRequest) -> Member:
    """The member whose page this is; only inside of `page` and `member_page`."""
    return _require_member(request)


def actor_of(request: HttpRequest) -> str:
    """Who the audit trail says did it."""
    return str(member_of(request).user_id)


def host_url(request: HttpRequest, host: str, path: str = "/") -> str:
    """An absolute URL on another of our hosts, at the port and scheme of this request."""
    _, _, port = request.get_host().partition(":")
    return f"{request.scheme}://{host}{f':{port}' if port else ''}{path}"


def own_url(request: Any) -> str:
    """Where this host is, for a mail: its port and its scheme are ours, not what the request says."""
    host, _ = split_domain_port(request.get_host())
    known = settings.PLATFORM_HOST if request.tenant_id is None else host
    if settings.SERVE_HTTPS:
        return f"https://{known}"
    return f"http://{known}:{request.META['SERVER_PORT']}"


def page_context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `member` and where the platform's own pages are."""
    return {
        "member": getattr(request, "member", None),
        "platform_url": host_url(request, settings.PLATFORM_HOST, ""),
    }
