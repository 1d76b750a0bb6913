"""What the streaming operations take and give. A request is read by the types that describe it."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from chatbot_saas.api.chat_ignored import IgnoredParameters
from chatbot_saas.api.structs import CitedSource
from conversations.turns.events import Contact
from conversations.turns.question import MAX_CLIENT_TURN_ID_LENGTH, MAX_TEXT_LENGTH, NO_NUL
from core.errors import NotFound

SSE = "text/event-stream"
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
MAX_STOPS, MAX_STOP_LENGTH = 4, 200
_Stop = Annotated[str, Meta(min_length=1, max_length=MAX_STOP_LENGTH)]


def no_such_model() -> NotFound:
    return NotFound(
        "There is no such model. A model is a chatbot's id or its name; GET /v1/models lists them.",
        param="model",
        detail_code="model_not_found",
    )


class TextPart(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class RefusalPart(msgspec.Struct, tag_field="type", tag="refusal"):
    refusal: str


class AskedMessage(msgspec.Struct):
    """`system` and `developer` messages are added to the chatbot's own instructions. Only an assistant's
    message may be without text, and it is passed over, like those of the roles `tool` and `function`."""

    role: Role
    content: str | list[TextPart | RefusalPart] | None = None


# Clients are known to send null, which is false.
_Flag = Annotated[Any, Meta(extra_json_schema={"type": "boolean"})]


class StreamOptions(msgspec.Struct, forbid_unknown_fields=True):
    """`include_obfuscation` changes nothing: chunks are not padded."""

    include_usage: _Flag = False
    include_obfuscation: _Flag = False


class ChatCompletionRequest(IgnoredParameters, forbid_unknown_fields=True, kw_only=True):
    """The messages are the history; the last one must be the user's and is the question."""

    model: Annotated[str, Meta(description="The id of a chatbot, or its name.")]
    messages: Annotated[list[AskedMessage], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    n: Literal[1] | None = None
    stop: _Stop | Annotated[list[_Stop], Meta(max_length=MAX_STOPS)] | None = None
    user: Annotated[str, Meta(max_length=255, pattern=NO_NUL)] | None = None


class AnswerMessage(msgspec.Struct):
    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(msgspec.Struct):
    index: int
    message: AnswerMessage
    logprobs: None
    finish_reason: str


class CompletionUsage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Answerer(msgspec.Struct):
    kind: Literal["model", "offline"]
    label: str


class ChatCompletion(msgspec.Struct):
    """OpenAI's form, with the sources of the answer and who wrote it."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: UUID
    choices: list[Choice]
    usage: CompletionUsage
    citations: list[CitedSource]
    answerer: Answerer
    fallback: Contact | None


class TurnRequest(msgspec.Struct, kw_only=True):
    """`client_turn_id` is the caller's own: the same one in a conversation is the same turn."""

    # Described alone: `check_text` counts what is left of the text, and says so in its refusal.
    text: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_TEXT_LENGTH})]
    client_turn_id: Annotated[
        str, Meta(min_length=1, max_length=MAX_CLIENT_TURN_ID_LENGTH, pattern=NO_NUL)
    ]
    conversation_id: UUID | None = None
    visitor_token: str | None = None


class StreamedEvent(msgspec.Struct):
    """One event of a stream. `data` is JSON: an event of a turn, which also has `id` and `event`, or
    a chunk of a chat completion, of which the last one is `[DONE]`."""

    data: str
    id: str | msgspec.UnsetType = msgspec.UNSET
    event: str | msgspec.UnsetType = msgspec.UNSET
