"""Chatbots as their owner sets them up: read, made, changed and removed (in the tenant's context)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import models
from conversations.chatbots.onboarding import own_origins
from conversations.chatbots.origins import is_allowed
from conversations.chatbots.rules import check_fields
from conversations.history import removal
from core import analytics
from core.errors import Conflict, NotFound
from knowledge.models import Source
from tenants.context import current_tenant_id, platform_context
from tenants.keys.api_keys import mint_publishable_key, revoke_keys_of_chatbot
from tenants.models import Domain
from tenants.workspace.changes import Changes, compare
from tenants.workspace.services import SYSTEM, record_event

# A workspace's list of chatbots is read whole.
MAX_CHATBOTS = 200


class ChatbotFields(TypedDict, total=False):
    """What may be set. An empty `model` is the platform's; no `source_ids` are all documents."""

    name: str
    instructions: str
    model: str
    color: str
    theme: str
    position: str
    language: str
    launcher_text: str
    welcome: str
    suggested_questions: list[str]
    allowed_origins: list[str]
    source_ids: list[UUID]
    contact: dict[str, str]
    unsupported_statements: str
    unsourced_answers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatbotSettings:
    """A chatbot as its owner sees it."""

    id: UUID
    name: str
    instructions: str
    model: str
    color: str
    theme: str
    position: str
    language: str
    launcher_text: str
    avatar: str
    welcome: str
    suggested_questions: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    source_ids: tuple[UUID, ...]
    contact: dict[str, str]
    unsupported_statements: str
    unsourced_answers: str
    created_at: datetime
    updated_at: datetime


def list_chatbots(*, limit: int = MAX_CHATBOTS, after: UUID | None = None) -> list[ChatbotSettings]:
    """Oldest first; `after` is the last id of the page before."""
    found = models.Chatbot.objects.order_by("pk").prefetch_related("sources")
    if after is not None:
        found = found.filter(pk__gt=after)
    found = found[:limit]
    return [_settings(chatbot) for chatbot in found]


def get(chatbot_id: UUID) -> ChatbotSettings:
    """Raises `NotFound` for a chatbot that this tenant does not have."""
    found = models.Chatbot.objects.filter(pk=chatbot_id).prefetch_related("sources").first()
    if found is None:
        raise _not_there()
    return _settings(found)


def create_chatbot(*, actor: str = SYSTEM, **fields: Unpack[ChatbotFields]) -> ChatbotSettings:
    """A new chatbot with a publishable key. It needs a name; left out, `allowed_origins` are the
    workspace's own pages. Raises `InvalidRequest` whose `param` is the field, and `Conflict` for
    one too many."""
    # A name that is left out is refused like an empty one.
    checked = check_fields({"name": "", **fields})
    source_ids = checked.pop("source_ids", [])
    tenant_id = current_tenant_id()
    with transaction.atomic():
        # Two at once may make one too many, which harms nobody.
        if models.Chatbot.objects.count() >= MAX_CHATBOTS:
            raise Conflict(f"A workspace has at most {MAX_CHATBOTS} chatbots. Delete one first.")
        checked.setdefault("allowed_origins", own_origins(_host(tenant_id)))
        chatbot = models.Chatbot.objects.create(**checked)
        _link(chatbot.pk, source_ids)
        _record("chatbot.created", actor, chatbot.pk, chatbot.name)
        analytics.track("chatbot_created", tenant_id=tenant_id, chatbot_id=chatbot.pk)
        name = chatbot.name[:80]
        mint_publishable_key(tenant_id=tenant_id, chatbot_id=chatbot.pk, name=name, actor=actor)
    return get(chatbot.pk)


def update_chatbot(
    *, chatbot_id: UUID, actor: str = SYSTEM, **changed: Unpack[ChatbotFields]
) -> ChatbotSettings:
    """Changes the fields that are given. Raises `NotFound`, `InvalidRequest` with `param`."""
    checked = check_fields(changed)
    source_ids = checked.pop("source_ids", None)
    with transaction.atomic():
        # Locked, so that the trail's before is what this change found.
        found = models.Chatbot.objects.select_for_update().filter(pk=chatbot_id)
        if not found:
            raise _not_there()
        before = _told(get(chatbot_id))
        found.update(**checked, updated_at=timezone.now())
        if source_ids is not None:
            # All anew: the list is short, and what was chosen is what is sent.
            models.ChatbotSource.objects.filter(chatbot_id=chatbot_id).delete()
            _link(chatbot_id, source_ids)
        after = get(chatbot_id)
        changes = compare(before, _told(after))
        _record("chatbot.changed", actor, chatbot_id, after.name, changes)
    return after


def allow_origin(*, chatbot_id: UUID, origin: str, actor: str = SYSTEM) -> ChatbotSettings:
    """Adds an origin to the chatbot's list. Raises `NotFound`, `InvalidRequest`."""
    with transaction.atomic():
        # Locked before it is read: of two that are added at once, none is lost.
        locked = models.Chatbot.objects.select_for_update().filter(pk=chatbot_id).first()
        if locked is None:
            raise _not_there()
        if is_allowed(origin, locked.allowed_origins):
            return get(chatbot_id)
        origins = [*locked.allowed_origins, origin]
        return update_chatbot(chatbot_id=chatbot_id, actor=actor, allowed_origins=origins)


def delete_chatbot(*, chatbot_id: UUID, actor: str = SYSTEM) -> None:
    """Removes the chatbot with its conversations and ends its keys; what it used stays on record.

    Raises `NotFound`.
    """
    with transaction.atomic():
        name = models.Chatbot.objects.filter(pk=chatbot_id).values_list("name", flat=True).first()
        if not removal.remove_chatbot(chatbot_id):
            raise _not_there()
        revoke_keys_of_chatbot(tenant_id=current_tenant_id(), chatbot_id=chatbot_id)
        _record("chatbot.deleted", actor, chatbot_id, name or "")


def _record(
    action: str, actor: str, chatbot_id: UUID, name: str, changes: Changes | None = None
) -> None:
    record_event(action=action, actor=actor, target=str(chatbot_id), name=name, changes=changes)


def _told(settings: ChatbotSettings) -> dict[str, object]:
    """What may be set, for the trail: sources by their names."""
    told = {name: getattr(settings, name) for name in ChatbotFields.__annotations__}
    sources = Source.objects.filter(pk__in=told.pop("source_ids")).order_by("name")
    contact = list(told.pop("contact").values())
    return {**told, "sources": list(sources.values_list("name", flat=True)), "contact": contact}


def _settings(chatbot: models.Chatbot) -> ChatbotSettings:
    return ChatbotSettings(
        id=chatbot.pk,
        name=chatbot.name,
        instructions=chatbot.instructions,
        model=chatbot.model,
        color=chatbot.color,
        theme=chatbot.theme,
        position=chatbot.position,
        language=chatbot.language,
        launcher_text=chatbot.launcher_text,
        avatar=chatbot.avatar,
        welcome=chatbot.welcome,
        suggested_questions=tuple(chatbot.suggested_questions),
        allowed_origins=tuple(chatbot.allowed_origins),
        source_ids=tuple(sorted(link.source_id for link in chatbot.sources.all())),
        contact=chatbot.contact,
        unsupported_statements=chatbot.unsupported_statements,
        unsourced_answers=chatbot.unsourced_answers,
        created_at=chatbot.created_at,
        updated_at=chatbot.updated_at,
    )


def _link(chatbot_id: UUID, source_ids: list[UUID]) -> None:
    models.ChatbotSource.objects.bulk_create(
        models.ChatbotSource(chatbot_id=chatbot_id, source_id=source_id) for source_id in source_ids
    )


def _host(tenant_id: UUID) -> str:
    with platform_context():
        return str(Domain.objects.get(tenant_id=tenant_id, is_primary=True).domain)


def _not_there() -> NotFound:
    return NotFound("There is no such chatbot.")
