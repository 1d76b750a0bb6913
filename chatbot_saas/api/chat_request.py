"""What `POST /v1/chat/completions` accepts, read into values; anything else is named and refused.

Pure but for the errors it raises.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chatbot_saas.api.chat_schema import no_such_model
from conversations.llm.base import ChatMessage
from conversations.turns.question import check_text, without_nul
from core.errors import InvalidRequest

_SUPPORTED = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "n",
        "user",
    }
)
_INSTRUCTIONS = ("system", "developer")


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
    for name in given.keys() - _SUPPORTED:
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
        chatbot_id=_chatbot_id(given.get("model")),
        question=_question(said[-1].content),
        history=tuple(said[:-1]),
        instructions="\n\n".join(m.content for m in messages if m.role == "system"),
        stream=_flag(given, "stream"),
        include_usage=_include_usage(given),
        max_tokens=_max_tokens(given),
        user=_user(given),
        sampling=_sampling(given),
    )


def _question(text: str) -> str:
    try:
        return check_text(text)
    except InvalidRequest as error:
        raise InvalidRequest(error.message, param="messages") from error


def _chatbot_id(model: Any) -> UUID:
    if not isinstance(model, str):
        raise InvalidRequest("“model” is the id of a chatbot.", param="model")
    try:
        return UUID(model)
    except ValueError as error:
        raise no_such_model() from error


def _messages(raw: Any) -> list[ChatMessage]:
    if not isinstance(raw, list) or not raw:
        raise InvalidRequest("“messages” is a list of at least one message.", param="messages")
    return [_message(item, f"messages[{position}]") for position, item in enumerate(raw)]


def _message(raw: Any, param: str) -> ChatMessage:
    role = raw.get("role") if isinstance(raw, dict) else None
    if role in _INSTRUCTIONS:
        return ChatMessage("system", _content(raw.get("content"), param))
    if role in ("user", "assistant"):
        return ChatMessage(role, _content(raw.get("content"), param))
    raise InvalidRequest(
        "A message's role is system, developer, user or assistant.", param=f"{param}.role"
    )


def _content(raw: Any, param: str) -> str:
    """A text, or text parts joined."""
    if isinstance(raw, str):
        return without_nul(raw)
    if isinstance(raw, list) and all(
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
        for part in raw
    ):
        return without_nul("".join(part["text"] for part in raw))
    raise InvalidRequest("A message's content is text.", param=f"{param}.content")


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"“{name}” is true or false.", param=name)
    return value


def _include_usage(given: dict[str, Any]) -> bool:
    options = given.get("stream_options", {})
    if not isinstance(options, dict) or options.keys() - {"include_usage"}:
        raise InvalidRequest("“stream_options” holds include_usage alone.", param="stream_options")
    return bool(options.get("include_usage"))


def _max_tokens(given: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = given.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequest(f"“{name}” is a whole number of at least 1.", param=name)
            return value
    return None


def _user(given: dict[str, Any]) -> str:
    value = given.get("user", "")
    if not isinstance(value, str) or len(value) > 255 or "\x00" in value:
        raise InvalidRequest("“user” is at most 255 characters, none of them NUL.", param="user")
    return value


def _sampling(given: dict[str, Any]) -> dict[str, float]:
    sampling: dict[str, float] = {}
    for name, most in (("temperature", 2.0), ("top_p", 1.0)):
        value = given.get(name)
        if value is not None:
            if (
                not isinstance(value, int | float)
                or isinstance(value, bool)
                or not 0 <= value <= most
            ):
                raise InvalidRequest(f"“{name}” is a number from 0 to {most:g}.", param=name)
            sampling[name] = value
    return sampling
