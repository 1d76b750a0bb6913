"""Models, and what is written of the streaming endpoints, which `openai_api` and `sse` serve."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chatbot_saas.api.chat_schema import (
    ChatCompletion,
    ChatCompletionRequest,
    StreamedEvent,
    TurnRequest,
    no_such_model,
)
from chatbot_saas.api.operations import Call, Operation, Reply, as_json, routes
from chatbot_saas.api.rest import JSON
from conversations.turns.selectors import list_chatbots

SSE = "text/event-stream"


class Model(msgspec.Struct, tag_field="object", tag="model", kw_only=True):
    """A chatbot, as OpenAI's clients know models. `created` is Unix time in seconds."""

    id: UUID
    created: int
    owned_by: str
    name: str


class ModelList(msgspec.Struct, tag_field="object", tag="list"):
    """OpenAI's list: always whole."""

    data: list[Model]


class LastEventId(msgspec.Struct):
    """Sent by browsers by themselves when a stream breaks off."""

    last_event_id: Annotated[
        str | UnsetType, Meta(description="The id of the last event that arrived.")
    ] = msgspec.field(default=UNSET, name="Last-Event-ID")
    visitor_token: Annotated[
        str | UnsetType, Meta(description="Needed with a publishable key.")
    ] = msgspec.field(default=UNSET, name="X-Visitor-Token")


def list_models(call: Call) -> Reply:
    return 200, ModelList([_model(*row) for row in list_chatbots()])


def read_model(call: Call, model: str) -> Reply:
    for row in list_chatbots():
        if str(row[0]) == model:
            return 200, _model(*row)
    raise no_such_model()


def _model(chatbot_id: UUID, name: str, created: int) -> Model:
    return Model(id=chatbot_id, created=created, owned_by="workspace", name=name)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/models",
        name="list_models",
        tag="Chat",
        summary="List the chatbots as models.",
        scope="chat",
        answers={200: as_json(ModelList)},
        run=list_models,
    ),
    Operation(
        method="GET",
        path="/v1/models/{model}",
        name="read_model",
        tag="Chat",
        summary="Read a chatbot as a model.",
        scope="chat",
        answers={200: as_json(Model)},
        run=read_model,
    ),
    Operation(
        method="POST",
        path="/v1/chat/completions",
        name="create_chat_completion",
        tag="Chat",
        summary="Ask, in the form of OpenAI's chat completions.",
        description="Stateless: the messages are the history. With `stream` the answer comes as "
        "server-sent chunks that end with `data: [DONE]`.",
        scope="chat",
        body=ChatCompletionRequest,
        answers={200: {JSON: ChatCompletion, SSE: StreamedEvent}},
        errors=(402, 404, 502),
    ),
    Operation(
        method="POST",
        path="/v1/chatbots/{chatbot_id}/turns",
        name="create_turn",
        tag="Chat",
        summary="Ask in a conversation, and stream what happens.",
        description="Each event has an `id`, an `event` and a `data`: `turn.started`, `turn.delta`, "
        "`turn.citation`, then `turn.completed` or `turn.failed`. The header `X-Conversation-ID` "
        "names the conversation.",
        scope="chat",
        public_key=True,
        body=TurnRequest,
        answers={200: {SSE: StreamedEvent}},
        errors=(402,),
    ),
    Operation(
        method="GET",
        path="/v1/chatbots/{chatbot_id}/turns/{turn_id}/events",
        name="follow_turn",
        tag="Chat",
        summary="Follow a turn from an event on.",
        description="Fifteen minutes after its end, a turn is one `turn.snapshot`.",
        scope="chat",
        public_key=True,
        headers=LastEventId,
        answers={200: {SSE: StreamedEvent}},
    ),
)
urlpatterns = routes(OPERATIONS)
