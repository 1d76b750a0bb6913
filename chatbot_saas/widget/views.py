"""What a visitor's browser loads: the widget's two scripts, its languages, and the hosted page.

The scripts are served as they are written, only without comments and indentation; the panel's
modules are joined to one file, so that the first opening waits for one request.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from conversations.chatbots.origins import parse_origin
from conversations.turns.selectors import get_chatbot
from conversations.turns.values import ChatbotView
from core.errors import NotFound, TenantSuspended
from core.responses import problem_response
from tenants.context import platform_context
from tenants.models import APIKey, Tenant

_FOLDER = settings.BASE_DIR / "static" / "widget"
_STYLE = "export const STYLE"
_PANEL = ("style", "markdown", "socket", "texts", "panel")
SCRIPTS: dict[str, tuple[str, ...]] = {
    "v1.js": ("v1.js",),
    "panel-v1.js": tuple(f"{name}-v1.js" for name in _PANEL),
    **{name: (name,) for name in ("texts-en-v1.js", "texts-de-v1.js", "texts-fa-v1.js")},
}
_COMMENT = re.compile(r"^[ ]*/\*.*?\*/\n", re.MULTILINE | re.DOTALL)
# In a style sheet alone: between strings of a script these signs are text.
_STYLE_SPACES = re.compile(r"\s*([{};,])\s*|(?<=:)\s+")
_INDENTATION = re.compile(r"^\s+", re.MULTILINE)
_STATIC_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!async function createPanel)", re.MULTILINE)
# Short, because a page cannot be told to load a new version; asking again costs a 304.
_HEADERS = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}
# The page is ours whole, so its policy has no exception; the widget needs none.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class Script:
    """A served file in both its forms."""

    plain: bytes
    packed: bytes
    digest: str


def squeeze(source: str) -> str:
    """A script without its comments and indentation. Comments stand on lines of their own."""
    bare = _INDENTATION.sub("", _COMMENT.sub("", source))
    return _STYLE_SPACES.sub(r"\1", bare) if bare.startswith(_STYLE) else bare


def join_modules(sources: list[str]) -> str:
    """Modules as one: what they import from each other is in the same scope."""
    joined = "".join(_STATIC_IMPORT.sub("", squeeze(source)) for source in sources)
    return _EXPORT.sub("", joined)


def read_script(name: str) -> Script:
    """One of `SCRIPTS`, read anew when a file has changed."""
    paths = [_FOLDER / part for part in SCRIPTS[name]]
    return _build(tuple(paths), tuple(path.stat().st_mtime_ns for path in paths))


@lru_cache(maxsize=32)
def _build(paths: tuple[Path, ...], _changed_at: tuple[int, ...]) -> Script:
    sources = [path.read_text(encoding="utf-8") for path in paths]
    text = squeeze(sources[0]) if len(sources) == 1 else join_modules(sources)
    plain = text.encode()
    digest = hashlib.sha256(plain).hexdigest()[:32]
    return Script(plain, gzip.compress(plain, 9, mtime=0), digest)


@require_safe
async def script(request: HttpRequest, name: str) -> HttpResponseBase:
    """A script for any page of any origin."""
    if name not in SCRIPTS:
        return problem_response(NotFound("There is nothing at this address."), request)
    served = read_script(name)
    packs = "gzip" in request.headers.get("Accept-Encoding", "")
    etag = f'"{served.digest}{"-gzip" if packs else ""}"'
    response = HttpResponse(
        served.packed if packs else served.plain,
        content_type="text/javascript; charset=utf-8",
        headers={**_HEADERS, "ETag": etag, **({"Content-Encoding": "gzip"} if packs else {})},
    )
    found: Any = get_conditional_response(request, etag=etag, response=response)
    if found.status_code == 304:
        for header, value in _HEADERS.items():
            found.headers[header] = value
    return found  # type: ignore[no-any-return]


@require_safe
def hosted_page(request: HttpRequest, chatbot_id: UUID) -> HttpResponse:
    """The chatbot alone on a page of its workspace's host; a page as well where there is none."""
    asked = get_language_from_request(request)[:2]
    language = asked if f"texts-{asked}-v1.js" in SCRIPTS else "en"
    framed_by = ["'self'"]
    try:
        chatbot, key = _hosted(request, chatbot_id)
        context = {"chatbot": chatbot, "key": key, "language": language}
        response = render(request, "conversations/hosted.html", context)
        framed_by += filter(parse_origin, chatbot.allowed_origins)
    except (NotFound, TenantSuspended) as error:
        # Whoever comes here is a visitor: no way to the dashboard, and nothing about the workspace.
        response = render(request, "conversations/no_chat.html", status=error.status)
    patch_vary_headers(response, ["Accept-Language"])
    # In a frame it would be used on whichever page has the frame.
    policy = f"{_POLICY}; frame-ancestors {' '.join(framed_by)}"
    response.headers["Content-Security-Policy"] = policy
    return response


def _hosted(request: HttpRequest, chatbot_id: UUID) -> tuple[ChatbotView, str]:
    """Raises `NotFound`, `TenantSuspended`."""
    tenant_id: UUID | None = request.tenant_id  # type: ignore[attr-defined]
    if tenant_id is None:
        raise NotFound("There is nothing at this address.")
    return get_chatbot(chatbot_id), _publishable_key(tenant_id, chatbot_id)


def _publishable_key(tenant_id: UUID, chatbot_id: UUID) -> str:
    with platform_context():
        keys = APIKey.objects.filter(
            tenant_id=tenant_id,
            chatbot_id=chatbot_id,
            kind=APIKey.Kind.PUBLISHABLE,
            revoked_at=None,
        )
        key = keys.select_related("tenant").first()
    if key is None:
        raise NotFound("This chatbot has no page at the moment.")
    if key.tenant.status != Tenant.Status.ACTIVE:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    return key.plain
