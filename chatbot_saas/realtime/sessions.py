"""Opening a visitor's session: key, page, visitor, conversation, in this order."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chatbot_saas.realtime.identity import read_identity, visitor_of
from conversations.chatbots import origins
from conversations.chatbots.refusals import note_refused
from conversations.chatbots.sightings import note_sighting
from conversations.models import Channel
from conversations.turns import access, selectors
from conversations.turns.services import open_conversation
from conversations.turns.values import ChatbotView, TurnRef
from core.errors import NotFound, PermissionDenied, Unauthenticated
from core.ids import new_id
from tenants.access import resolve_caller
from tenants.keys.api_keys import APIKeyIdentity
from tenants.keys.visitor_tokens import VisitorToken, issue_visitor_token, read_token


class OriginRefused(PermissionDenied):
    """The page is not on the chatbot's list."""

    code = "origin_not_allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What a client shows to open a session."""

    visitor_token: str | None
    identity_jwt: str | None
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An opened session as values; `messages` and `active` are for the first frame only."""

    tenant_id: UUID
    chatbot: ChatbotView
    visitor_id: UUID
    conversation_id: UUID
    channel: str
    visitor_token: str
    messages: list[dict[str, Any]]
    active: TurnRef | None


def identify_key(raw: str, host: str | None) -> APIKeyIdentity:
    """The publishable key of a visitor's page (platform context). Raises `Unauthenticated`,
    `TenantSuspended`, `NotFound` (unknown host)."""
    # Without its page's Origin, so that a secret key is told apart here.
    key = resolve_caller(host=host, bearer=raw, has_origin=False).key
    if key is None or key.kind != "publishable" or key.chatbot_id is None:
        raise Unauthenticated(
            "Only a publishable key opens a chat. If a secret key stands in a page, revoke it now."
        )
    return key


def check_origin(chatbot: ChatbotView, origin: str | None) -> None:
    """Raises `OriginRefused` unless the page's exact origin is on the chatbot's list."""
    if not origins.is_allowed(origin, chatbot.allowed_origins):
        raise OriginRefused("This chatbot may not be used from this page.")


def open_session(
    tenant_id: UUID,
    chatbot_id: UUID,
    origin: str | None,
    opening: SessionRequest,
    *,
    host: str | None = None,
) -> Session:
    """A new or resumed session (tenant context). `host`: the workspace's, where it was asked there.

    Raises `OriginRefused`, `Unauthenticated` (token or identity), `NotFound` (conversation).
    """
    try:
        chatbot = selectors.get_chatbot(chatbot_id)
    except NotFound as error:
        raise Unauthenticated("The chatbot of this key is gone.") from error
    try:
        check_origin(chatbot, origin)
    except OriginRefused:
        note_refused(chatbot_id=chatbot_id, origin=origin)
        raise
    visitor_id, external_user, token = _visitor(tenant_id, chatbot, opening)
    # A preview is on a page of the workspace itself: elsewhere its token is one of a visitor.
    is_at_home = host is not None and origin is not None and urlsplit(origin).hostname == host
    is_preview = token is not None and token.is_preview and is_at_home
    channel = Channel.PREVIEW if is_preview else Channel.WIDGET
    if opening.conversation_id is not None:
        found = access.access_conversation(
            opening.conversation_id, chatbot_id=chatbot_id, visitor_id=visitor_id
        )
        conversation_id = found.pk
        # What goes on in a visitor's conversation is a visitor's.
        channel = channel if found.channel == channel else Channel.WIDGET
    else:
        conversation_id = open_conversation(
            chatbot_id=chatbot_id,
            visitor_id=visitor_id,
            channel=channel,
            external_user=external_user,
        )
    # A program sends none, and is on no page.
    if origin is not None:
        note_sighting(chatbot_id=chatbot_id, origin=origin)
    # A new conversation has nothing to show, and is asked nothing.
    messages, active = list[dict[str, Any]](), None
    if opening.conversation_id is not None:
        messages, active = selectors.read_conversation(tenant_id, conversation_id, chatbot.contact)
    # Neither is renewed.
    kept = opening.visitor_token if is_preview or (token and token.is_identified) else None
    return Session(
        tenant_id=tenant_id,
        chatbot=chatbot,
        visitor_id=visitor_id,
        conversation_id=conversation_id,
        channel=channel,
        visitor_token=kept
        or issue_visitor_token(tenant_id, chatbot_id, visitor_id, identified=bool(external_user)),
        messages=messages,
        active=active,
    )


def _visitor(
    tenant_id: UUID, chatbot: ChatbotView, opening: SessionRequest
) -> tuple[UUID, str, VisitorToken | None]:
    """(visitor id, the customer's name for the visitor or nothing, what a visitor's token says)."""
    if opening.identity_jwt is not None:
        subject = read_identity(
            opening.identity_jwt,
            tenant_id=tenant_id,
            chatbot_id=chatbot.id,
            sealed_secrets=chatbot.identity_secrets,
        )
        return visitor_of(chatbot.id, subject), subject, None
    if opening.visitor_token is not None:
        token = read_token(opening.visitor_token, tenant_id=tenant_id, chatbot_id=chatbot.id)
        return token.visitor_id, "", token
    return new_id(), "", None
