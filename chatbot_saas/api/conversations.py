"""`/v1/conversations`."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.pagination import Slice
from chatbot_saas.api.serializing import KindField, MoneyField, StructField, TextField
from chatbot_saas.api.structs import CitedSource
from chatbot_saas.api.views import APIView, ListView
from conversations.history import listing, transcripts
from conversations.history.matching import MAX_SEARCH_LENGTH
from conversations.models import Channel, FeedbackValue, Role, TurnStatus


class ConversationSerializer(serializers.Serializer[listing.ConversationRow]):
    """What a visitor and a chatbot said. `answered` is false when a question of it was not; null
    when that cannot be told. `feedback` is “down” when any thumb is. `cost` is in US dollars."""

    object = KindField("conversation")
    id = serializers.UUIDField()
    chatbot_id = serializers.UUIDField()
    chatbot_name = TextField()
    visitor_id = serializers.UUIDField()
    external_user = TextField()
    channel = serializers.ChoiceField(Channel.values)
    created_at = serializers.DateTimeField()
    last_message_at = serializers.DateTimeField(allow_null=True)
    messages = serializers.IntegerField()
    first_question = TextField()
    answered = serializers.BooleanField(allow_null=True)
    feedback = serializers.ChoiceField(FeedbackValue.values, allow_null=True)
    cost = MoneyField()


class FeedbackSerializer(serializers.Serializer[transcripts.FeedbackView]):
    value = serializers.ChoiceField(FeedbackValue.values)
    comment = TextField()
    created_at = serializers.DateTimeField()


class TurnSerializer(serializers.Serializer[transcripts.TurnView]):
    """The turn a message belongs to. `cost` is in US dollars; null when nothing was charged."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(TurnStatus.values)
    error_code = TextField()
    answered = serializers.BooleanField(allow_null=True)
    model = TextField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = MoneyField(allow_null=True)


class MessageSerializer(serializers.Serializer[transcripts.MessageView]):
    """Something said by a visitor, by the chatbot (assistant), or by a person (agent)."""

    object = KindField("message")
    id = serializers.UUIDField()
    role = serializers.ChoiceField(Role.values)
    text = TextField()
    status = serializers.ChoiceField(TurnStatus.values)
    created_at = serializers.DateTimeField()
    turn = TurnSerializer(allow_null=True)
    citations = serializers.ListField(child=StructField(CitedSource))
    feedback = FeedbackSerializer(allow_null=True)


class ConversationQuery(serializers.Serializer[Any]):
    """Which conversations."""

    search = TextField(
        max_length=MAX_SEARCH_LENGTH,
        default="",
        help_text="Words that stand together in one message; the last may be a beginning.",
    )
    chatbot_id = serializers.UUIDField(required=False)
    answered = serializers.BooleanField(
        required=False, help_text="False: with a question that was not answered."
    )
    feedback = serializers.ChoiceField(
        FeedbackValue.values, required=False, help_text="With such a thumb."
    )


@extend_schema(tags=["Conversations"])
class ConversationList(ListView):
    """The workspace's conversations."""

    required_scopes = {"GET": "conversations:read"}
    serializer_class = ConversationSerializer
    query = ConversationQuery

    @extend_schema(
        operation_id="list_conversations",
        summary="List and search conversations, the latest first.",
        description="Conversations in which nothing was said are left out.",
        parameters=[ConversationQuery],
        responses=ConversationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        page = listing.list_conversations(limit=limit, after=cursor or None, **self.read_query())
        return Slice(page.conversations, page.next_cursor)


@extend_schema(tags=["Conversations"])
class ConversationDetail(APIView):
    """One conversation."""

    required_scopes = {"GET": "conversations:read", "DELETE": "conversations:write"}
    serializer_class = ConversationSerializer

    @extend_schema(operation_id="read_conversation", summary="Read a conversation.")
    def get(self, request: Request, conversation_id: UUID) -> Response:
        return self.answer(listing.get_row(conversation_id))

    @extend_schema(
        operation_id="delete_conversation",
        summary="Delete a conversation and all that was said in it.",
        description="What it cost stays in the usage.",
        responses={204: None},
    )
    def delete(self, request: Request, conversation_id: UUID) -> Response:
        listing.delete_conversation(conversation_id=conversation_id, actor=self.actor)
        return Response(status=204)


@extend_schema(tags=["Conversations"])
class MessageList(ListView):
    """What was said in one conversation."""

    required_scopes = {"GET": "conversations:read"}
    serializer_class = MessageSerializer

    @extend_schema(
        operation_id="list_messages",
        summary="List a conversation's messages, oldest first.",
        responses=MessageSerializer(many=True),
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        conversation_id: UUID = self.kwargs["conversation_id"]
        page = listing.list_messages(conversation_id, limit=limit, after=cursor or None)
        return Slice(page.messages, page.next_cursor)


urlpatterns = [
    path("v1/conversations", ConversationList.as_view()),
    path("v1/conversations/<uuid:conversation_id>", ConversationDetail.as_view()),
    path("v1/conversations/<uuid:conversation_id>/messages", MessageList.as_view()),
]
