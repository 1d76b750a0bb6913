"""`/v1/chatbots`."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chatbot_saas.api.operations import (
    Call,
    Operation,
    Page,
    PageQuery,
    Reply,
    as_json,
    page_of,
    routes,
)
from chatbot_saas.api.structs import AwareDatetime
from conversations.chatbots import rules
from conversations.chatbots import services as chatbots
from core.cursors import read_id

Name = Annotated[str, Meta(min_length=1, max_length=rules.MAX_NAME_LENGTH)]
Instructions = Annotated[str, Meta(max_length=rules.MAX_INSTRUCTIONS_LENGTH)]
Model = Annotated[str, Meta(max_length=100, description="Empty: the platform's own.")]
Color = Annotated[str, Meta(pattern=rules.COLOR)]
Welcome = Annotated[str, Meta(max_length=rules.MAX_WELCOME_LENGTH)]
Question = Annotated[str, Meta(max_length=rules.MAX_QUESTION_LENGTH)]
Questions = Annotated[list[Question], Meta(max_length=rules.MAX_QUESTIONS)]
Origins = Annotated[
    list[Annotated[str, Meta(max_length=300)]],
    Meta(max_length=rules.MAX_ORIGINS, description="Pages that may use it: `https://example.com`"),
]
Sources = Annotated[
    list[UUID], Meta(max_length=rules.MAX_SOURCES, description="None: all documents.")
]


class Chatbot(msgspec.Struct, tag_field="object", tag="chatbot", kw_only=True):
    """A chatbot and its settings."""

    id: UUID
    name: str
    instructions: str
    model: str
    color: str
    welcome: str
    suggested_questions: list[str]
    allowed_origins: list[str]
    source_ids: list[UUID]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ChatbotChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The settings to change; what is left out stays."""

    name: Name | UnsetType = UNSET
    instructions: Instructions | UnsetType = UNSET
    model: Model | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    welcome: Welcome | UnsetType = UNSET
    suggested_questions: Questions | UnsetType = UNSET
    allowed_origins: Origins | UnsetType = UNSET
    source_ids: Sources | UnsetType = UNSET


class NewChatbot(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A chatbot to create. Without `allowed_origins`, the workspace's own pages may use it."""

    name: Name
    instructions: Instructions | UnsetType = UNSET
    model: Model | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    welcome: Welcome | UnsetType = UNSET
    suggested_questions: Questions | UnsetType = UNSET
    allowed_origins: Origins | UnsetType = UNSET
    source_ids: Sources | UnsetType = UNSET


def list_chatbots(call: Call) -> Reply:
    query: PageQuery = call.query
    after = read_id(query.cursor) if query.cursor else None
    found = chatbots.list_chatbots(limit=query.limit + 1, after=after)
    shown = [_chatbot(bot) for bot in found[: query.limit]]
    return 200, page_of(shown, shown[-1].id if len(found) > query.limit else None)


def create_chatbot(call: Call) -> Reply:
    return 201, _chatbot(chatbots.create_chatbot(actor=call.actor, **_given(call.body)))


def read_chatbot(call: Call, chatbot_id: UUID) -> Reply:
    return 200, _chatbot(chatbots.get(chatbot_id))


def update_chatbot(call: Call, chatbot_id: UUID) -> Reply:
    changed = chatbots.update_chatbot(chatbot_id=chatbot_id, actor=call.actor, **_given(call.body))
    return 200, _chatbot(changed)


def delete_chatbot(call: Call, chatbot_id: UUID) -> Reply:
    chatbots.delete_chatbot(chatbot_id=chatbot_id, actor=call.actor)
    return 204, None


def _given(body: msgspec.Struct) -> Any:
    return {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET
    }


def _chatbot(settings: chatbots.ChatbotSettings) -> Chatbot:
    return msgspec.convert(settings, Chatbot, from_attributes=True)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/chatbots",
        name="list_chatbots",
        tag="Chatbots",
        summary="List chatbots, oldest first.",
        scope="chatbots:read",
        query=PageQuery,
        answers={200: as_json(Page[Chatbot])},
        run=list_chatbots,
    ),
    Operation(
        method="POST",
        path="/v1/chatbots",
        name="create_chatbot",
        tag="Chatbots",
        summary="Create a chatbot.",
        description="It gets a publishable key, which `GET /v1/keys` shows.",
        scope="chatbots:write",
        body=NewChatbot,
        answers={201: as_json(Chatbot)},
        errors=(409,),
        run=create_chatbot,
    ),
    Operation(
        method="GET",
        path="/v1/chatbots/{chatbot_id}",
        name="read_chatbot",
        tag="Chatbots",
        summary="Read a chatbot's settings.",
        scope="chatbots:read",
        answers={200: as_json(Chatbot)},
        run=read_chatbot,
    ),
    Operation(
        method="PATCH",
        path="/v1/chatbots/{chatbot_id}",
        name="update_chatbot",
        tag="Chatbots",
        summary="Change settings of a chatbot.",
        scope="chatbots:write",
        body=ChatbotChanges,
        answers={200: as_json(Chatbot)},
        run=update_chatbot,
    ),
    Operation(
        method="DELETE",
        path="/v1/chatbots/{chatbot_id}",
        name="delete_chatbot",
        tag="Chatbots",
        summary="Delete a chatbot with its conversations, and revoke its keys.",
        description="What it used stays in the usage.",
        scope="chatbots:write",
        answers={204: None},
        run=delete_chatbot,
    ),
)
urlpatterns = routes(OPERATIONS)
