"""What `POST /v1/chat/completions` accepts, read into values by the types of `ChatCompletionRequest`,
which are the description as well; anything else is named and refused.

Pure but for the errors it raises.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from chatbot_saas.api.chat_ignored import refuse_effects
from chatbot_saas.api.chat_schema import (
    MAX_STOP_LENGTH,
    MAX_STOPS,
    AskedMessage,
    ChatCompletionRequest,
    Role,
    StreamOptions,
    TextPart,
)
from conversations.llm.base import ChatMessage
from conversations.turns.question import check_text, without_nul
from core.errors import InvalidRequest

_ROLES = get_args(Role)
# A name in a refusal is the caller's own text.
_SHOWN_NAME = 100
_TYPES = {field.name: field.type for field in msgspec.structs.fields(ChatCompletionRequest)}
_REFUSALS = {
    "model": "“model” is the id of a chatbot, or its name.",
    "stream": "“stream” is true or false.",
    "stream_options": "“stream_options” holds include_usage and include_obfuscation alone.",
    "max_tokens": "“max_tokens” is a whole number of at least 1.",
    "max_completion_tokens": "“max_completion_tokens” is a whole number of at least 1.",
    "temperature": "“temperature” is a number from 0 to 2.",
    "top_p": "“top_p” is a number from 0 to 1.",
    "stop": f"“stop” is a text or at most {MAX_STOPS}, each of 1 to {MAX_STOP_LENGTH} characters.",
    "user": "“user” is at most 255 characters, none of them NUL.",
}


class _Said(NamedTuple):
    """A message in one of the forms that matter here."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """A request as the turn needs it; `question` is the last user message, `model` the chatbot's id or
    name."""

    model: str
    question: str
    history: tuple[ChatMessage, ...]
    instructions: str
    stream: bool
    include_usage: bool
    max_tokens: int | None
    user: str
    stop: tuple[str, ...] = ()
    sampling: dict[str, float] = field(default_factory=dict)


def read_request(body: dict[str, Any]) -> CompletionRequest:
    """Raises `InvalidRequest` with the parameter's name."""
    # Their clients send null for what is not set.
    given = {name: value for name, value in body.items() if value is not None}
    # Named and refused: a parameter that is silently ignored gives another answer than asked for.
    for name in given.keys() - _TYPES.keys():
        raise InvalidRequest(
            f"The parameter “{name[:_SHOWN_NAME]}” is not supported.",
            param=name[:_SHOWN_NAME],
            detail_code="unsupported_parameter",
        )
    if given.get("n", 1) != 1:
        raise InvalidRequest(
            "Only n=1 is supported.", param="n", detail_code="unsupported_parameter"
        )
    refuse_effects(given)
    messages = _messages(given.get("messages"))
    question, history = _conversation(messages)
    return CompletionRequest(
        model=_model(given),
        question=question,
        history=history,
        instructions="\n\n".join(m.content for m in messages if m.role == "system"),
        stream=_read_member(given, "stream") or False,
        include_usage=_include_usage(given),
        max_tokens=_max_tokens(given),
        user=_read_member(given, "user") or "",
        stop=_stops(given),
        sampling=_sampling(given),
    )


def _conversation(messages: list[_Said]) -> tuple[str, tuple[ChatMessage, ...]]:
    """The question, and what was said before it. Instructions may stand anywhere among the messages."""
    said = [message for message in messages if message.role != "system"]
    # Some clients add the empty message that the answer shall fill.
    while said and said[-1].role == "assistant" and not said[-1].content.strip():
        said.pop()
    if not said or said[-1].role != "user":
        raise InvalidRequest("The last message must be the user's.", param="messages")
    history: list[ChatMessage] = []
    for message in said[:-1]:
        # What a tool gave stands in the assistant's next words; its own are no visitor's and no reply's.
        if message.role == "user" or (message.role == "assistant" and message.content.strip()):
            history.append(ChatMessage(message.role, message.content))
    return _question(said[-1].content), tuple(history)


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


def _model(given: dict[str, Any]) -> str:
    model: str | None = _read_member(given, "model")
    if model is None:
        raise InvalidRequest(_REFUSALS["model"], param="model")
    return model


def _messages(raw: Any) -> list[_Said]:
    if not isinstance(raw, list) or not raw:
        raise InvalidRequest("“messages” is a list of at least one message.", param="messages")
    return [_message(item, f"messages[{position}]") for position, item in enumerate(raw)]


def _message(raw: Any, param: str) -> _Said:
    try:
        message = msgspec.convert(raw, AskedMessage)
    except msgspec.ValidationError as error:
        if isinstance(raw, dict) and raw.get("role") in _ROLES:
            raise _no_text(param) from error
        raise InvalidRequest(
            f"A message's role is one of {', '.join(_ROLES)}.", param=f"{param}.role"
        ) from error
    if message.content is None and message.role in ("system", "developer", "user"):
        raise _no_text(param)
    content = without_nul(_text(message))
    match message.role:
        case "system" | "developer":
            return _Said("system", content)
        case "tool" | "function":
            return _Said("tool", content)
        case role:
            return _Said(role, content)


def _no_text(param: str) -> InvalidRequest:
    return InvalidRequest(
        "A message's content is a text, or a list of parts of the type “text”.",
        param=f"{param}.content",
    )


def _text(message: AskedMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(
        part.text if isinstance(part, TextPart) else part.refusal for part in message.content or ()
    )


def _stops(given: dict[str, Any]) -> tuple[str, ...]:
    stop: str | list[str] | None = _read_member(given, "stop")
    return (stop,) if isinstance(stop, str) else tuple(dict.fromkeys(stop or ()))


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
