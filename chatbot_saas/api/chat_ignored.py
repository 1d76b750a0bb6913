"""Parameters of OpenAI's chat completions that this API does not have. Clients send them by themselves,
so each is taken in the values with which it changes no answer, and refused by name with any other."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from core.errors import InvalidRequest

_None = Annotated[list[Any], Meta(max_length=0)]
_Zero = Annotated[float, Meta(ge=0, le=0)]
_False = Annotated[bool, Meta(extra_json_schema={"enum": [False]})]


class TextFormat(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["text"]


class IgnoredParameters(msgspec.Struct, kw_only=True):
    """What is not kept and not handed on."""

    tools: _None | None = None
    functions: _None | None = None
    tool_choice: Literal["none", "auto"] | None = None
    function_call: Literal["none", "auto"] | None = None
    parallel_tool_calls: bool | None = None
    response_format: TextFormat | None = None
    modalities: Annotated[list[Literal["text"]], Meta(max_length=1)] | None = None
    frequency_penalty: _Zero | None = None
    presence_penalty: _Zero | None = None
    logit_bias: Annotated[dict[str, Any], Meta(max_length=0)] | None = None
    logprobs: _False | None = None
    top_logprobs: Literal[0] | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    store: bool | None = None
    metadata: dict[str, Any] | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None


_NO_TOOLS = "a chatbot answers from its documents and calls no tools"
_AS_IT_IS = "the model's own choice of words is not changed"
_NO_LIKELIHOODS = "an answer comes without its likelihoods"
_FIT = {
    "tools": f"an empty list: {_NO_TOOLS}",
    "functions": f"an empty list: {_NO_TOOLS}",
    "tool_choice": f"“none” or “auto”: {_NO_TOOLS}",
    "function_call": f"“none” or “auto”: {_NO_TOOLS}",
    "response_format": "{“type”: “text”}: an answer is text with citations",
    "modalities": "[“text”]: an answer is text with citations",
    "frequency_penalty": f"0: {_AS_IT_IS}",
    "presence_penalty": f"0: {_AS_IT_IS}",
    "logit_bias": f"empty: {_AS_IT_IS}",
    "logprobs": f"false: {_NO_LIKELIHOODS}",
    "top_logprobs": f"0: {_NO_LIKELIHOODS}",
    "seed": "a whole number",
    "metadata": "an object",
}
_FIT |= dict.fromkeys(("parallel_tool_calls", "store"), "true or false")
_TYPES = {field.name: field.type for field in msgspec.structs.fields(IgnoredParameters)}


def refuse_effects(given: dict[str, Any]) -> None:
    """Raises `InvalidRequest` with the first parameter whose value would change the answer. `given` may
    hold other parameters, too."""
    # In a fixed order, so that the same request is always refused alike.
    for name in sorted(given.keys() & _TYPES.keys()):
        try:
            value = msgspec.convert(given[name], _TYPES[name])
        except msgspec.ValidationError as error:
            raise _would_change(name) from error
        if name == "logprobs" and value:
            raise _would_change(name)


def _would_change(name: str) -> InvalidRequest:
    return InvalidRequest(
        f"“{name}” may only be {_FIT.get(name, 'a text')}.",
        param=name,
        detail_code="unsupported_parameter",
    )
