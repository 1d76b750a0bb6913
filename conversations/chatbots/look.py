"""How a chatbot's widget looks before anybody has opened it. What is in it, everybody may see."""

from typing import TypedDict
from uuid import UUID

from conversations import models


class Look(TypedDict):
    """Members as the widget's attributes are called."""

    color: str


def read_look(chatbot_id: UUID) -> Look | None:
    """In the tenant's context; None for a chatbot that it does not have."""
    chatbot = models.Chatbot.objects.filter(pk=chatbot_id).first()
    return None if chatbot is None else look_of(chatbot)


def look_of(chatbot: models.Chatbot) -> Look:
    return Look(color=chatbot.color)
