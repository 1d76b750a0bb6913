"""What `POST /v1/chat/completions` accepts, read into values by the types of `ChatCompletionRequest`,
which are the description as well; anything else is named and refused.

Pure but for the errors it raises.
"""

from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID

import msgspec

from chatbot_saas.api.chat_schema import (
    AskedMessage,
    ChatCompletionRequest,
    Role,
    StreamOptions,
    no_such_model,
)
from conversations.llm.base import ChatMessage
from conversations.turns.question import check_text, without_nul
from core.errors import InvalidRequest

_ROLES = get_args(Role)
_TYPES = {field.name: field.type for field in msgspec.structs.fields(ChatCompletionRequest)}
_REFUSALS = {
    "model": "“model” is the id of a chatbot.",
    "stream": "“stream” is true or false.",
    "stream_options": "“stream_options” holds include_usage alone.",
    "max_tokens": "“max_tokens” is a whole number of at least 1.",
    "max_completion_tokens": "“max_completion_tokens” is a whole number of at least 1.",
    "temperature": "“temperature” is a number from 0 to 2.",
    "top_p": "“top_p” is a number from 0 to 1.",
    "user": "“user” is at most 255 characters, none of them NUL.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """A request as the turn needs it; `question` is the last user message."""

    chatbot_id: UUID
    question: str
    history: tuple[ChatMessage, ...]
    instructions: str
    stream: bool
    include_usage: bool
    max_tokens: int | None
    user: str
    sampling: dict[str, float] = field(default_factory=dict)


def read_request(body: dict[str, Any]) -> CompletionRequest:
    """Raises `InvalidRequest` with the parameter's name, `NotFound` for a model that is no id."""
    # Their clients send null for what is not set.
    given = {name: value for name, value in body.items() if value is not None}
    # Named and refused: a parameter that is silently ignored gives another answer than asked for.
    for name in given.keys() - _TYPES.keys():
        raise InvalidRequest(
            f"The parameter “{name}” is not supported.",
            param=name,
            detail_code="unsupported_parameter",
        )
    if given.get("n", 1) != 1:
        raise InvalidRequest(
            "Only n=1 is supported.", param="n", detail_code="unsupported_parameter"
        )
    messages = _messages(given.get("messages"))
    # Instructions may stand anywhere among the messages.
    said = [message for message in messages if message.role != "system"]
    if not said or said[-1].role != "user":
        raise InvalidRequest("The last message must be the user's.", param="messages")
    return CompletionRequest(
        chatbot_id=_chatbot_id(given),
        question=_question(said[-1].content),
        history=tuple(said[:-1]),
        instructions="\n\n".join(m.content for m in messages if m.role == "system"),
        stream=_read_member(given, "stream") or False,
        include_usage=_include_usage(given),
        max_tokens=_max_tokens(given),
        user=_read_member(given, "user") or "",
        sampling=_sampling(given),
    )


def _question(text: str) -> str:
    try:
        return check_text(text)
    except InvalidRequest as error:
        raise InvalidRequest(error.message, param="messages") from error


def _read_member(given: dict[str, Any], name: str) -> Any:
    """A member as the request's type of it, or None when it is left out."""
    if name not in given:
        return None
    try:
        return msgspec.convert(given[name], _TYPES[name])
    except msgspec.ValidationError as error:
        raise InvalidRequest(_REFUSALS[name], param=name) from error


def _chatbot_id(given: dict[str, Any]) -> UUID:
    model = _read_member(given, "model")
    if model is None:
        raise InvalidRequest(_REFUSALS["model"], param="model")
    try:
        return UUID(model)
    except ValueError as error:
        raise no_such_model() from error


def _messages(raw: Any) -> list[ChatMessage]:
    if not isinstance(raw, list) or not raw:
        raise InvalidRequest("“messages” is a list of at least one message.", param="messages")
    return [_message(item, f"messages[{position}]") for position, item in enumerate(raw)]


def _message(raw: Any, param: str) -> ChatMessage:
    try:
        message = msgspec.convert(raw, AskedMessage)
    except msgspec.ValidationError as error:
        if isinstance(raw, dict) and raw.get("role") in _ROLES:
            raise InvalidRequest(
                "A message's content is text.", param=f"{param}.content"
            ) from error
        raise InvalidRequest(
            "A message's role is system, developer, user or assistant.", param=f"{param}.role"
        ) from error
    content = message.content
    text = content if isinstance(content, str) else "".join(part.text for part in content)
    match message.role:
        case "system" | "developer":
            return ChatMessage("system", without_nul(text))
        case role:
            return ChatMessage(role, without_nul(text))


def _include_usage(given: dict[str, Any]) -> bool:
    options: StreamOptions | None = _read_member(given, "stream_options")
    return options is not None and bool(options.include_usage)


def _max_tokens(given: dict[str, Any]) -> int | None:
    """OpenAI's newer name of it counts, if both are given."""
    name = "max_completion_tokens" if "max_completion_tokens" in given else "max_tokens"
    value: int | None = _read_member(given, name)
    return value


def _sampling(given: dict[str, Any]) -> dict[str, float]:
    return {name: _read_member(given, name) for name in ("temperature", "top_p") if name in given}
