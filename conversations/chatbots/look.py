"""How a chatbot's widget looks before anybody has opened it. What is in it, everybody may see."""

from typing import TypedDict
from uuid import UUID

from conversations import models


class Look(TypedDict):
    """Members as the widget's attributes are called; `avatar` is the name of a file, or empty."""

    color: str
    theme: str
    position: str
    lang: str
    label: str
    avatar: str


def read_look(chatbot_id: UUID) -> Look | None:
    """In the tenant's context; None for a chatbot that it does not have."""
    chatbot = models.Chatbot.objects.filter(pk=chatbot_id).first()
    return None if chatbot is None else look_of(chatbot)


def look_of(chatbot: models.Chatbot) -> Look:
    return Look(
        color=chatbot.color,
        theme=chatbot.theme,
        position=chatbot.position,
        lang=chatbot.language,
        label=chatbot.launcher_text,
        avatar=chatbot.avatar,
    )
