"""`/v1/conversations`."""

from decimal import Decimal
from typing import Annotated, Literal
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
from chatbot_saas.api.structs import AwareDatetime, CitedSource
from conversations.history import listing

Thumb = Literal["up", "down"]
Status = Literal["running", "completed", "stopped", "interrupted", "failed"]


class Conversation(msgspec.Struct, tag_field="object", tag="conversation", kw_only=True):
    """What a visitor and a chatbot said. `answered` is false when a question of it was not; null
    when that cannot be told. `feedback` is “down” when any thumb is. `cost` is in US dollars."""

    id: UUID
    chatbot_id: UUID
    chatbot_name: str
    visitor_id: UUID
    external_user: str
    channel: Literal["widget", "api", "completions"]
    created_at: AwareDatetime
    last_message_at: AwareDatetime | None
    messages: int
    first_question: str
    answered: bool | None
    feedback: Thumb | None
    cost: Decimal


class Feedback(msgspec.Struct):
    value: Thumb
    comment: str
    created_at: AwareDatetime


class Turn(msgspec.Struct):
    """The turn a message belongs to. `cost` is in US dollars; null when nothing was charged."""

    id: UUID
    status: Status
    error_code: str
    answered: bool | None
    model: str
    tokens_in: int
    tokens_out: int
    cost: Decimal | None


class Message(msgspec.Struct, tag_field="object", tag="message", kw_only=True):
    """Something said by a visitor, by the chatbot (assistant), or by a person (agent)."""

    id: UUID
    role: Literal["visitor", "assistant", "agent"]
    text: str
    status: Status
    created_at: AwareDatetime
    turn: Turn | None
    citations: list[CitedSource]
    feedback: Feedback | None


class ConversationQuery(PageQuery):
    """Which conversations."""

    search: Annotated[
        str,
        Meta(
            max_length=listing.MAX_SEARCH_LENGTH,
            description="Words that stand together in one message; the last may be a beginning.",
        ),
    ] = ""
    chatbot_id: UUID | UnsetType = UNSET
    answered: Annotated[
        bool | UnsetType, Meta(description="False: with a question that was not answered.")
    ] = UNSET
    feedback: Annotated[Thumb | UnsetType, Meta(description="With such a thumb.")] = UNSET


def list_conversations(call: Call) -> Reply:
    query: ConversationQuery = call.query
    page = listing.list_conversations(
        search=query.search,
        chatbot_id=query.chatbot_id or None,
        answered=None if query.answered is UNSET else query.answered,
        feedback=query.feedback or None,
        limit=query.limit,
        after=query.cursor or None,
    )
    return 200, page_of([_conversation(row) for row in page.conversations], page.next_cursor)


def read_conversation(call: Call, conversation_id: UUID) -> Reply:
    return 200, _conversation(listing.get_row(conversation_id))


def delete_conversation(call: Call, conversation_id: UUID) -> Reply:
    listing.delete_conversation(conversation_id=conversation_id, actor=call.actor)
    return 204, None


def list_messages(call: Call, conversation_id: UUID) -> Reply:
    query: PageQuery = call.query
    page = listing.list_messages(conversation_id, limit=query.limit, after=query.cursor or None)
    shown = [msgspec.convert(one, Message, from_attributes=True) for one in page.messages]
    return 200, page_of(shown, page.next_cursor)


def _conversation(row: listing.ConversationRow) -> Conversation:
    return msgspec.convert(row, Conversation, from_attributes=True)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/conversations",
        name="list_conversations",
        tag="Conversations",
        summary="List and search conversations, the latest first.",
        description="Conversations in which nothing was said are left out.",
        scope="conversations:read",
        query=ConversationQuery,
        answers={200: as_json(Page[Conversation])},
        run=list_conversations,
    ),
    Operation(
        method="GET",
        path="/v1/conversations/{conversation_id}",
        name="read_conversation",
        tag="Conversations",
        summary="Read a conversation.",
        scope="conversations:read",
        answers={200: as_json(Conversation)},
        run=read_conversation,
    ),
    Operation(
        method="DELETE",
        path="/v1/conversations/{conversation_id}",
        name="delete_conversation",
        tag="Conversations",
        summary="Delete a conversation and all that was said in it.",
        description="What it cost stays in the usage.",
        scope="conversations:write",
        answers={204: None},
        run=delete_conversation,
    ),
    Operation(
        method="GET",
        path="/v1/conversations/{conversation_id}/messages",
        name="list_messages",
        tag="Conversations",
        summary="List a conversation's messages, oldest first.",
        scope="conversations:read",
        query=PageQuery,
        answers={200: as_json(Page[Message])},
        run=list_messages,
    ),
)
urlpatterns = routes(OPERATIONS)
