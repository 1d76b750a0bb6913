"""`/v1/models`: the chatbots, as OpenAI's clients know models."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.chat_schema import no_such_model
from chatbot_saas.api.pagination import ObjectList, Slice
from chatbot_saas.api.serializing import KindField, TextField
from chatbot_saas.api.views import APIView, ListView
from conversations.chatbots.lookup import find_chatbot
from conversations.turns.selectors import list_chatbots
from core.errors import NotFound


class ModelSerializer(serializers.Serializer[Any]):
    """A chatbot, as OpenAI's clients know models. `created` is Unix time in seconds."""

    object = KindField("model")
    id = serializers.UUIDField()
    created = serializers.IntegerField()
    owned_by = TextField()
    name = TextField()


@extend_schema(tags=["Chat"])
class ModelList(ListView):
    """The workspace's chatbots."""

    required_scopes = {"GET": "chat"}
    serializer_class = ModelSerializer
    pagination_class = ObjectList

    @extend_schema(
        operation_id="list_models",
        summary="List the chatbots as models.",
        responses=ModelSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        return Slice(_models(), None)


@extend_schema(tags=["Chat"])
class ModelDetail(APIView):
    """One of them."""

    required_scopes = {"GET": "chat"}
    serializer_class = ModelSerializer

    @extend_schema(
        operation_id="read_model",
        summary="Read a chatbot as a model.",
        description="By its id or its name.",
    )
    def get(self, request: Request, model: str) -> Response:
        try:
            chatbot_id = find_chatbot(model).id
        except NotFound as error:
            raise no_such_model() from error
        return self.answer(next(known for known in _models() if known["id"] == chatbot_id))


def _models() -> list[dict[str, Any]]:
    return [
        {"id": chatbot_id, "created": created, "owned_by": "workspace", "name": name}
        for chatbot_id, name, created in list_chatbots()
    ]


urlpatterns = [
    path("v1/models", ModelList.as_view()),
    path("v1/models/<str:model>", ModelDetail.as_view()),
]
