"""How a chatbot comes onto a page: its snippet, and where it has been seen."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from chatbot_saas.dashboard.identity import identity_context
from chatbot_saas.dashboard.recipes import recipes
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from conversations.chatbots import services as service
from conversations.chatbots.origins import is_allowed
from conversations.chatbots.refusals import list_refused
from conversations.chatbots.sightings import OriginSighting, list_sightings
from core.errors import InvalidRequest
from tenants.keys import api_keys


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting; `own` says that it is this workspace's preview or hosted page."""

    sighting: OriginSighting
    own: bool


def publishable_key(tenant_id: UUID, chatbot_id: UUID) -> str:
    """The chatbot's newest one, empty when all were revoked."""
    keys = api_keys.list_keys(tenant_id).keys
    return next((key.plain for key in keys if key.plain and key.chatbot_id == chatbot_id), "")


@page("chatbots:read")
def install_first(request: MemberRequest) -> HttpResponse:
    """Where the navigation leads: most workspaces have one chatbot."""
    found = service.list_chatbots()
    return redirect("install", found[0].id) if found else redirect("chatbots")


@page("chatbots:read")
def install(request: MemberRequest, chatbot_id: UUID) -> HttpResponse:
    key = publishable_key(request.member.tenant_id, chatbot_id)
    src = f"{request.scheme}://{request.get_host()}/widget/v1.js?key={key}"
    context = {
        **_found(request, chatbot_id),
        **identity_context(request, chatbot_id),
        "chatbots": service.list_chatbots(),
        "key": key,
        "src": src,
        "recipes": recipes(src),
    }
    return render(request, "conversations/install.html", context)


@page("chatbots:read")
def sightings(request: MemberRequest, chatbot_id: UUID) -> HttpResponse:
    """The list alone, for the page that asks for it again and again."""
    return render(request, "conversations/_sightings.html", _found(request, chatbot_id))


@page("chatbots:write", "POST")
def allow(request: MemberRequest, chatbot_id: UUID) -> HttpResponse:
    """One more origin on the chatbot's list, of a page that was refused."""
    origin = request.POST.get("origin", "")
    try:
        service.allow_origin(chatbot_id=chatbot_id, origin=origin, actor=request.member.actor)
    except InvalidRequest as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("%s may show the chatbot now.") % origin)
    return redirect("install", chatbot_id)


@page("keys:write", "POST")
def make_key(request: MemberRequest, chatbot_id: UUID) -> HttpResponse:
    """A key for a chatbot whose keys were all revoked."""
    found = service.get(chatbot_id)
    tenant_id = request.member.tenant_id
    # A second click must not make a second key.
    if not publishable_key(tenant_id, chatbot_id):
        name = found.name[:80]
        api_keys.mint_publishable_key(
            tenant_id=tenant_id, chatbot_id=chatbot_id, name=name, actor=request.member.actor
        )
        messages.success(request, _("The chatbot has a key again."))
    return redirect("install", chatbot_id)


def _found(request: MemberRequest, chatbot_id: UUID) -> dict[str, object]:
    """The chatbot, where it was seen, and where it was refused and still would be."""
    chatbot = service.get(chatbot_id)
    refused = [
        each for each in list_refused(chatbot_id) if not is_allowed(each, chatbot.allowed_origins)
    ]
    return {"chatbot": chatbot, "seen": _seen(request, chatbot_id), "refused": refused}


def _seen(request: MemberRequest, chatbot_id: UUID) -> list[Seen]:
    # The preview on the workspace's own pages is no installation.
    host = request.get_host().partition(":")[0]
    return [Seen(each, _host_of(each.origin) == host) for each in list_sightings(chatbot_id)]


def _host_of(origin: str) -> str:
    return origin.partition("://")[2].partition(":")[0]
