"""A chatbot by what a program calls it: its id or its name (in the tenant's context)."""

from uuid import UUID

from conversations import models
from conversations.chatbots.rules import MAX_NAME_LENGTH
from conversations.turns.selectors import get_chatbot, view_of
from conversations.turns.values import ChatbotView
from core.errors import InvalidRequest, NotFound


def find_chatbot(called: str) -> ChatbotView:
    """By id, or else by its exact name. Raises `NotFound`, and `InvalidRequest` (model) for a name that
    several have."""
    chatbot_id = _read_id(called)
    if chatbot_id is not None:
        return get_chatbot(chatbot_id)
    # PostgreSQL takes no NUL, and no name is longer.
    if "\x00" in called or len(called) > MAX_NAME_LENGTH:
        raise NotFound("There is no such chatbot.")
    found = list(models.Chatbot.objects.filter(name=called).order_by("created_at")[:2])
    if not found:
        raise NotFound("There is no such chatbot.")
    if len(found) > 1:
        raise InvalidRequest(
            f"Several chatbots are called “{called}”. Give the id of one: GET /v1/models lists them.",
            param="model",
        )
    return view_of(found[0])


def _read_id(called: str) -> UUID | None:
    try:
        return UUID(called)
    except ValueError:
        return None
