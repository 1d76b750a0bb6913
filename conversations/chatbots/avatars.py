"""A chatbot's picture (in the tenant's context)."""

import hashlib
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import models
from conversations.chatbots.pictures import NotAPicture, Picture, read_picture
from core.errors import InvalidRequest, NotFound
from tenants.workspace.changes import compare
from tenants.workspace.services import SYSTEM, record_event


def set_avatar(*, chatbot_id: UUID, content: bytes | None, actor: str = SYSTEM) -> None:
    """Keeps the picture under a name that is made of it; None takes it away. Raises `NotFound`, and
    `InvalidRequest` (`avatar`) for what is no picture."""
    try:
        picture = None if content is None else read_picture(content)
    except NotAPicture as error:
        raise InvalidRequest(str(error), param="avatar") from error
    name = ""
    if picture is not None:
        name = f"{hashlib.sha256(picture.content).hexdigest()[:32]}.{picture.extension}"
    with transaction.atomic():
        found = models.Chatbot.objects.select_for_update().filter(pk=chatbot_id)
        chatbot = found.first()
        if chatbot is None:
            raise NotFound("There is no such chatbot.")
        if picture is None:
            models.ChatbotAvatar.objects.filter(pk=chatbot_id).delete()
        else:
            kept = {"name": name, "content": picture.content}
            models.ChatbotAvatar.objects.update_or_create(pk=chatbot_id, defaults=kept)
        found.update(avatar=name, updated_at=timezone.now())
        record_event(
            action="chatbot.changed",
            actor=actor,
            target=str(chatbot_id),
            name=chatbot.name,
            changes=compare({"avatar": chatbot.avatar}, {"avatar": name}),
        )


def find_avatar(chatbot_id: UUID) -> Picture | None:
    """None when the chatbot has no picture. Raises `NotFound` when there is no such chatbot."""
    chatbot = models.Chatbot.objects.filter(pk=chatbot_id).select_related("picture").first()
    if chatbot is None:
        raise NotFound("There is no such chatbot.")
    if not chatbot.avatar:
        return None
    return Picture(chatbot.avatar.rpartition(".")[2], bytes(chatbot.picture.content))


def read_avatar(chatbot_id: UUID, name: str) -> bytes | None:
    """None when the chatbot has no picture of this name."""
    found = models.ChatbotAvatar.objects.filter(pk=chatbot_id, name=name)
    content = found.values_list("content", flat=True).first()
    return None if content is None else bytes(content)
