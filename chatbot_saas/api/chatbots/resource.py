"""`/v1/chatbots`."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.pagination import Slice
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.serializing import ClosedSerializer, KindField, ShortList, TextField
from chatbot_saas.api.views import APIView, ListView
from conversations.chatbots import rules
from conversations.chatbots import services as chatbots
from conversations.chatbots.contact import LONGEST
from conversations.models import Language, Position, Theme, Unsourced, Unsupported
from core.cursors import read_id


class ChatbotContactSerializer(ClosedSerializer):
    """How people are reached where the chatbot cannot help. Empty: not at all."""

    email = TextField(required=False, max_length=LONGEST["email"])
    phone = TextField(required=False, max_length=LONGEST["phone"])
    url = TextField(required=False, max_length=LONGEST["url"])
    hours = TextField(required=False, max_length=LONGEST["hours"])
    text = TextField(required=False, max_length=LONGEST["text"])


class ChatbotSerializer(serializers.Serializer[chatbots.ChatbotSettings]):
    """A chatbot and its settings."""

    object = KindField("chatbot")
    id = serializers.UUIDField()
    name = TextField()
    instructions = TextField()
    model = TextField()
    color = TextField()
    theme = serializers.ChoiceField(Theme.values)
    position = serializers.ChoiceField(Position.values)
    language = serializers.ChoiceField(Language.values)
    launcher_text = TextField()
    avatar = TextField(help_text="Names the picture by its content; empty without one.")
    welcome = TextField()
    suggested_questions = serializers.ListField(child=TextField())
    allowed_origins = serializers.ListField(child=TextField())
    source_ids = serializers.ListField(child=serializers.UUIDField())
    contact = serializers.DictField(child=TextField())
    unsupported_statements = serializers.ChoiceField(Unsupported.values)
    unsourced_answers = serializers.ChoiceField(Unsourced.values)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ChatbotChangesSerializer(ClosedSerializer):
    """The settings to change; what is left out stays."""

    name = TextField(required=False, min_length=1, max_length=rules.MAX_NAME_LENGTH)
    instructions = TextField(required=False, max_length=rules.MAX_INSTRUCTIONS_LENGTH)
    model = TextField(required=False, max_length=100, help_text="Empty: the platform's own.")
    color = serializers.RegexField(rules.COLOR, required=False, trim_whitespace=False)
    theme = serializers.ChoiceField(Theme.values, required=False)
    position = serializers.ChoiceField(Position.values, required=False)
    language = serializers.ChoiceField(Language.values, required=False)
    launcher_text = TextField(required=False, max_length=rules.MAX_LAUNCHER_TEXT_LENGTH)
    welcome = TextField(required=False, max_length=rules.MAX_WELCOME_LENGTH)
    suggested_questions = ShortList(
        required=False,
        child=TextField(max_length=rules.MAX_QUESTION_LENGTH),
        longest=rules.MAX_QUESTIONS,
    )
    allowed_origins = ShortList(
        required=False,
        child=TextField(max_length=300),
        longest=rules.MAX_ORIGINS,
        help_text="Pages that may use it: `https://example.com`",
    )
    source_ids = ShortList(
        required=False,
        child=serializers.UUIDField(),
        longest=rules.MAX_SOURCES,
        help_text="None: all documents.",
    )
    contact = ChatbotContactSerializer(required=False)
    unsupported_statements = serializers.ChoiceField(
        Unsupported.values,
        required=False,
        help_text="What visitors see of a statement that the passage it cites does not carry.",
    )
    unsourced_answers = serializers.ChoiceField(
        Unsourced.values, required=False, help_text="What becomes of an answer that cites nothing."
    )


class NewChatbotSerializer(ChatbotChangesSerializer):
    """A chatbot to create. Without `allowed_origins`, the workspace's own pages may use it."""

    name = TextField(min_length=1, max_length=rules.MAX_NAME_LENGTH)


@extend_schema(tags=["Chatbots"])
class ChatbotList(ListView):
    """The workspace's chatbots."""

    required_scopes = {"GET": "chatbots:read", "POST": "chatbots:write"}
    serializer_class = ChatbotSerializer

    @extend_schema(
        operation_id="list_chatbots",
        summary="List chatbots, oldest first.",
        responses=ChatbotSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        after = read_id(cursor) if cursor else None
        found = chatbots.list_chatbots(limit=limit + 1, after=after)
        return Slice(found[:limit], found[limit - 1].id if len(found) > limit else None)

    @extend_schema(
        operation_id="create_chatbot",
        summary="Create a chatbot.",
        description="It gets a publishable key, which `GET /v1/keys` shows.",
        request=NewChatbotSerializer,
        responses={201: ChatbotSerializer, 409: Problem},
    )
    def post(self, request: Request) -> Response:
        body = self.read_body(NewChatbotSerializer)
        return self.answer(chatbots.create_chatbot(actor=self.actor, **body), status=201)


@extend_schema(tags=["Chatbots"])
class ChatbotDetail(APIView):
    """One chatbot."""

    required_scopes = {
        "GET": "chatbots:read",
        "PATCH": "chatbots:write",
        "DELETE": "chatbots:write",
    }
    serializer_class = ChatbotSerializer

    @extend_schema(operation_id="read_chatbot", summary="Read a chatbot's settings.")
    def get(self, request: Request, chatbot_id: UUID) -> Response:
        return self.answer(chatbots.get(chatbot_id))

    @extend_schema(
        operation_id="update_chatbot",
        summary="Change settings of a chatbot.",
        request=ChatbotChangesSerializer,
    )
    def patch(self, request: Request, chatbot_id: UUID) -> Response:
        body: dict[str, Any] = self.read_body(ChatbotChangesSerializer)
        return self.answer(chatbots.update_chatbot(chatbot_id=chatbot_id, actor=self.actor, **body))

    @extend_schema(
        operation_id="delete_chatbot",
        summary="Delete a chatbot with its conversations, and revoke its keys.",
        description="What it used stays in the usage.",
        responses={204: None},
    )
    def delete(self, request: Request, chatbot_id: UUID) -> Response:
        chatbots.delete_chatbot(chatbot_id=chatbot_id, actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("v1/chatbots", ChatbotList.as_view()),
    path("v1/chatbots/<uuid:chatbot_id>", ChatbotDetail.as_view()),
]
