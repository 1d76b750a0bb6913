"""The chatbot alone on a page that the platform hosts, for sites that link instead of embedding."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from chatbot_saas.widget.bundle import LANGUAGES
from conversations.chatbots.origins import parse_entry
from conversations.turns.selectors import get_chatbot
from conversations.turns.values import ChatbotView
from core.errors import NotFound, TenantSuspended
from tenants.context import platform_context
from tenants.models import APIKey, Tenant
from tenants.requests import TenantRequest

# The page is ours whole, so its policy has no exception; the widget needs none.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        " ".join(("script-src 'self'", *settings.STATIC_ORIGINS)),
        " ".join(("style-src 'self'", *settings.STATIC_ORIGINS)),
        "connect-src 'self'",
        " ".join(("img-src 'self' data:", *settings.STATIC_ORIGINS)),
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


@require_safe
def hosted_page(request: TenantRequest, chatbot_id: UUID) -> HttpResponse:
    """The chatbot alone on a page of its workspace's host; a page as well where there is none."""
    language = _language(request)
    framed_by = ["'self'"]
    try:
        chatbot, key = _hosted(request, chatbot_id)
        own = chatbot.look["lang"]
        language = own if own in LANGUAGES else language
        context = {"chatbot": chatbot, "key": key, "language": language}
        response = render(request, "conversations/hosted.html", context)
        framed_by += filter(parse_entry, chatbot.allowed_origins)
    except (NotFound, TenantSuspended) as error:
        # Whoever comes here is a visitor: no way to the dashboard, and nothing about the workspace.
        response = render(request, "conversations/no_chat.html", status=error.status)
    patch_vary_headers(response, ["Accept-Language"])
    # In a frame it would be used on whichever page has the frame.
    policy = f"{_POLICY}; frame-ancestors {' '.join(framed_by)}"
    response.headers["Content-Security-Policy"] = policy
    return response


def _language(request: TenantRequest) -> str:
    """The first that the browser asks for of those that the widget speaks."""
    asked = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return next((code[:2] for code, _ in asked if code[:2] in LANGUAGES), "en")


def _hosted(request: TenantRequest, chatbot_id: UUID) -> tuple[ChatbotView, str]:
    """Raises `NotFound`, `TenantSuspended`."""
    if request.tenant_id is None:
        raise NotFound("There is nothing at this address.")
    return get_chatbot(chatbot_id), _publishable_key(request.tenant_id, chatbot_id)


def _publishable_key(tenant_id: UUID, chatbot_id: UUID) -> str:
    with platform_context():
        keys = APIKey.objects.filter(
            tenant_id=tenant_id,
            chatbot_id=chatbot_id,
            kind=APIKey.Kind.PUBLISHABLE,
            revoked_at=None,
        )
        # Any of the chatbot's keys will do: they all reach the same.
        key = keys.select_related("tenant").first()
    if key is None:
        raise NotFound("This chatbot has no page at the moment.")
    if key.tenant.status != Tenant.Status.ACTIVE:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    return key.plain
