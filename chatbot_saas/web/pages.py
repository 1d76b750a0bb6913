"""What every page of the dashboard shares: who may see it, and errors as pages."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing.notices import current_notice
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.unsent import keep_unsent, page_of_form
from core.errors import AppError, PermissionDenied, TenantSuspended
from core.responses import error_page
from tenants.people.members import Member
from tenants.people.roles import Permission
from tenants.requests import TenantRequest

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., Any])
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
TenantView = Callable[Concatenate[TenantRequest, P], HttpResponseBase]
MemberView = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
AsyncView = Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponseBase]]


def page(permission: Permission, *methods: str) -> Callable[[MemberView[P]], View[P]]:
    """A page of a workspace, for members whose role has the permission. Methods: GET unless named.

    Who is not signed in is sent to the log-in; who may not, gets a page that says so.
    """

    def decorate(view: MemberView[P]) -> View[P]:
        def admitted(
            request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            member_request = _require_member(request)
            _check_permission(member_request.member, permission)
            return view(member_request, *args, **kwargs)

        return _open_to(admitted, view, methods)

    return decorate


def streamed_page(
    permission: Permission, *methods: str
) -> Callable[[Callable[Concatenate[MemberRequest, P], Awaitable[HttpResponseBase]]], AsyncView[P]]:
    """The same of an async view that streams its answer: it opens its tenant's context itself, step by
    step, because a stream outlives the view. A form that was sent too late is not kept."""

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], Awaitable[HttpResponseBase]],
    ) -> AsyncView[P]:
        async def answer(
            request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            try:
                member_request = _require_member(cast(TenantRequest, request))
                _check_permission(member_request.member, permission)
                response = await view(member_request, *args, **kwargs)
            except SignInRequired:
                response = _to_sign_in_from(_page_before(request))
            except AppError as error:
                response = error_page(error, request)
            return _kept_private(response)

        return _named_as(view, answer, methods)

    return decorate


def member_page(*methods: str) -> Callable[[MemberView[P]], View[P]]:
    """A page for every member, also of a suspended workspace: the account, leaving, signing out."""

    def decorate(view: MemberView[P]) -> View[P]:
        def admitted(
            request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            return view(_require_member(request), *args, **kwargs)

        return _open_to(admitted, view, methods)

    return decorate


def open_page(*methods: str) -> Callable[[TenantView[P]], View[P]]:
    """A page for anybody: log-in, sign-up, invitations."""

    def decorate(view: TenantView[P]) -> View[P]:
        return _open_to(view, view, methods)

    return decorate


class SignInRequired(Exception):
    """Control flow: the visitor of a page is nobody yet."""


def _open_to(
    admitted: TenantView[P], named: Callable[..., object], methods: tuple[str, ...]
) -> View[P]:
    """The view for these methods of HTTP, with refusals as pages. `named` gives it its name."""

    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            # The middleware has made it one.
            response = admitted(cast(TenantRequest, request), *args, **kwargs)
        except (SignInRequired, AppError) as error:
            response = _refused(cast(TenantRequest, request), error)
        return _kept_private(response)

    return _named_as(named, answer, methods)


def _named_as(named: Callable[..., object], answer: V, methods: tuple[str, ...]) -> V:
    """The view under the name of the one it stands before, for these methods of HTTP."""
    allowed = methods or ("GET",)
    safe = ["HEAD"] if "GET" in allowed else []
    update_wrapper(answer, named)
    return require_http_methods([*allowed, *safe])(answer)


def _refused(request: TenantRequest, error: SignInRequired | AppError) -> HttpResponse:
    return error_page(error, request) if isinstance(error, AppError) else _to_sign_in(request)


def _kept_private(response: HttpResponseBase) -> HttpResponseBase:
    """A page must not come back from a cache after its reader has signed out."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _require_member(request: TenantRequest) -> MemberRequest:
    if request.member is None:
        raise SignInRequired
    return cast(MemberRequest, request)


def _check_permission(member: Member, permission: Permission) -> None:
    # Told before the role: the reason is the same for everybody.
    if member.suspended:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    if not member.may(permission):
        raise PermissionDenied(
            "Your role does not allow this. An owner or admin of this workspace can change it."
        )


def _to_sign_in(request: TenantRequest) -> HttpResponse:
    # What was posted waits in the form that it came from.
    came_from = request.get_full_path() if request.method == "GET" else keep_unsent(request)
    if request.headers.get("HX-Request"):
        # htmx would put the log-in page into the part it asked for.
        return HttpResponse(headers={"HX-Redirect": reverse("login")})
    return _to_sign_in_from(came_from)


def _to_sign_in_from(came_from: str) -> HttpResponse:
    return redirect(f"{reverse('login')}?next={quote(came_from, safe='/')}")


def _page_before(request: HttpRequest) -> str:
    """The page itself, or the one with the form that was sent, filtered as it was."""
    if request.method != "POST":
        return request.get_full_path()
    query = request.META.get("QUERY_STRING", "")
    return page_of_form(request.path) + (f"?{query}" if query else "")


def host_url(request: HttpRequest, host: str, path: str = "/") -> str:
    """An absolute URL on another of our hosts, at the port and scheme of this request."""
    _, _, port = request.get_host().partition(":")
    return f"{request.scheme}://{host}{f':{port}' if port else ''}{path}"


def platform_url(request: HttpRequest) -> str:
    """Where the platform is, for a mail: whichever host asked, what is proved there is the platform's."""
    return _mailed_url(request, settings.PLATFORM_HOST)


def own_url(request: TenantRequest) -> str:
    """Where this workspace is, for a mail to somebody it invites."""
    host, _ = split_domain_port(request.get_host())
    # A Host header may be forged, and the mail would lead to a stranger's page.
    return _mailed_url(request, settings.PLATFORM_HOST if request.tenant_id is None else host)


def _mailed_url(request: HttpRequest, host: str) -> str:
    """The port and the scheme are ours, not what the request says."""
    if settings.SERVE_HTTPS:
        return f"https://{host}"
    return f"http://{host}:{request.META['SERVER_PORT']}"


def page_context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `member`, what its workspace is told of its limits, where the platform's own
    pages are, and the folder of mails that are not sent."""
    return {
        "member": getattr(request, "member", None),
        "platform_url": host_url(request, settings.PLATFORM_HOST, ""),
        "mail_folder": mail_folder(),
        # Asked for by the pages that show it.
        "quota_notice": current_notice,
    }


def mail_folder() -> str:
    """Where mails are files, for who runs the platform; empty where they are sent."""
    if settings.EMAIL_URL:
        return ""
    folder = Path(settings.EMAIL_FILE_PATH)
    # As one finds it from where the platform was started; what else is on the disk is nobody's business.
    inside = folder.is_relative_to(settings.BASE_DIR)
    return str(folder.relative_to(settings.BASE_DIR) if inside else Path(*folder.parts[-2:]))
