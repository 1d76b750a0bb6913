"""What OpenAI's clients send to `/v1/chat/completions`, and how each thing that does not fit is named."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_saas.api.chat_ignored import IgnoredParameters
from chatbot_saas.api.chat_request import read_request
from conversations.llm.base import ChatMessage
from core.errors import AppError, InvalidRequest

MODEL = str(uuid4())
ASKED = [{"role": "user", "content": "What is it?"}]


def body(**more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": ASKED, **more}


def refused(given_body: dict[str, Any]) -> tuple[str | None, str]:
    with pytest.raises(InvalidRequest) as caught:
        read_request(given_body)
    return caught.value.param, caught.value.detail_code


def test_the_least_that_is_a_request() -> None:
    asked = read_request(body())
    assert (asked.model, asked.question, asked.history) == (MODEL, "What is it?", ())
    assert (asked.stream, asked.include_usage, asked.max_tokens, asked.user) == (
        False,
        False,
        None,
        "",
    )
    assert asked.sampling == {}


def test_null_is_left_out() -> None:
    """Their clients send every parameter, most of them null."""
    names = (
        "stream",
        "stream_options",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "user",
        "logprobs",
    )
    assert read_request(body(**dict.fromkeys(names))) == read_request(body())


def test_everything_that_is_known_is_taken() -> None:
    asked = read_request(
        body(
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=5,
            temperature=0.5,
            top_p=1,
            n=1,
            user="ann",
        )
    )
    assert (asked.stream, asked.include_usage, asked.max_tokens, asked.user) == (
        True,
        True,
        5,
        "ann",
    )
    assert asked.sampling == {"temperature": 0.5, "top_p": 1}


def test_the_newer_name_of_a_limit_counts() -> None:
    assert read_request(body(max_tokens=5, max_completion_tokens=7)).max_tokens == 7


@pytest.mark.parametrize("include", [None, False, 0, ""])
def test_usage_that_is_not_asked_for_is_not_told(include: object) -> None:
    assert not read_request(body(stream_options={"include_usage": include})).include_usage


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"model": 7}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"other": 1}}, "stream_options"),
        ({"stream_options": []}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": 5.5}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"user": "x" * 256}, "user"),
        ({"user": "a\x00b"}, "user"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": {}}, "messages"),
    ],
)
def test_what_does_not_fit_is_named(more: dict[str, Any], param: str) -> None:
    assert refused(body(**more)) == (param, "invalid_request")


def test_what_is_missing_is_named() -> None:
    assert refused({"messages": ASKED})[0] == "model"
    assert refused({"model": MODEL})[0] == "messages"


# Each with a value that changes nothing, and with those that would.
IGNORED: dict[str, tuple[list[Any], list[Any]]] = {
    "tools": ([[]], [[{"type": "function", "function": {"name": "f"}}], {}]),
    "functions": ([[]], [[{"name": "f"}]]),
    "tool_choice": (["none", "auto"], ["required", {"type": "function"}]),
    "function_call": (["none", "auto"], [{"name": "f"}]),
    "parallel_tool_calls": ([True, False], ["yes"]),
    "response_format": (
        [{"type": "text"}],
        [{"type": "json_object"}, {"type": "json_schema", "json_schema": {}}, "text"],
    ),
    "modalities": ([["text"]], [["text", "audio"], ["audio"]]),
    "frequency_penalty": ([0, 0.0, -0.0], [0.1, -2, "0"]),
    "presence_penalty": ([0, 0.0], [1]),
    "logit_bias": ([{}], [{"50256": -100}]),
    "logprobs": ([False], [True]),
    "top_logprobs": ([0], [1]),
    "seed": ([0, 42], ["x", 1.5]),
    "reasoning_effort": (["low", "minimal"], [1]),
    "verbosity": (["low"], [1]),
    "store": ([True, False], ["x"]),
    "metadata": ([{}, {"job": "1"}], ["x"]),
    "service_tier": (["auto", "default"], [1]),
    "safety_identifier": (["u"], [1]),
    "prompt_cache_key": (["k"], [1]),
    "prompt_cache_retention": (["24h"], [1]),
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_changes_nothing_is_taken_and_what_would_is_refused(name: str) -> None:
    for value in IGNORED[name][0]:
        assert read_request(body(**{name: value})) == read_request(body())
    for value in IGNORED[name][1]:
        assert refused(body(**{name: value})) == (name, "unsupported_parameter")


def test_every_parameter_without_effect_is_tried() -> None:
    assert {field.name for field in msgspec.structs.fields(IgnoredParameters)} == {*IGNORED}


@pytest.mark.parametrize(
    ("stop", "stops"),
    [
        (None, ()),
        ([], ()),
        ("\n", ("\n",)),
        (["END", "END", "###"], ("END", "###")),
        (["a", "b", "c", "d"], ("a", "b", "c", "d")),
    ],
)
def test_stop_sequences_are_read(stop: Any, stops: tuple[str, ...]) -> None:
    assert read_request(body(stop=stop)).stop == stops


@pytest.mark.parametrize("stop", ["", [""], [1], 1, list("abcde"), "x" * 201, {"a": 1}])
def test_stop_sequences_that_are_none_are_named(stop: Any) -> None:
    assert refused(body(stop=stop)) == ("stop", "invalid_request")


def test_one_answer_is_all_there_is() -> None:
    assert refused(body(n=2)) == ("n", "unsupported_parameter")


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "critic", "content": "x"}, "messages[1].role"),
        ({"role": "user", "content": None}, "messages[1].content"),
        ({"role": "system", "content": None}, "messages[1].content"),
        ({"role": "assistant", "content": [{"type": "thinking"}]}, "messages[1].content"),
        ({"role": "user", "content": 7}, "messages[1].content"),
        ({"role": "user"}, "messages[1].content"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages[1].content"),
        ({"content": "x"}, "messages[1].role"),
        ("hello", "messages[1].role"),
        (None, "messages[1].role"),
    ],
)
def test_a_message_that_does_not_fit_is_found(message: Any, param: str) -> None:
    messages = [ASKED[0], message, ASKED[0]]
    assert refused(body(messages=messages))[0] == param


def test_instructions_may_stand_anywhere_and_are_joined() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Tw"}, {"type": "text", "text": "o?"}],
        },
    ]
    asked = read_request(body(messages=messages))
    assert asked.instructions == "Be brief.\n\nBe kind."
    assert asked.question == "Two?"
    assert asked.history == (ChatMessage("user", "One?"), ChatMessage("assistant", "One."))


CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def test_what_tools_have_said_is_passed_over() -> None:
    messages = [
        {"role": "user", "content": "What is the weather?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "22 degrees"},
        {"role": "function", "name": "weather", "content": None},
        {"role": "assistant"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot say."}]},
        *ASKED,
    ]
    asked = read_request(body(messages=messages))
    assert asked.question == "What is it?"
    assert asked.history == (
        ChatMessage("user", "What is the weather?"),
        ChatMessage("assistant", "I cannot say."),
    )


@pytest.mark.parametrize("empty", [{}, {"content": None}, {"content": ""}, {"content": []}])
def test_an_empty_answer_at_the_end_is_one_to_be_filled(empty: dict[str, Any]) -> None:
    messages = [*ASKED, {"role": "assistant", **empty}]
    assert read_request(body(messages=messages)) == read_request(body())


def test_the_word_of_a_tool_is_no_question() -> None:
    messages = [
        *ASKED,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "22 degrees"},
    ]
    assert refused(body(messages=messages))[0] == "messages"


@pytest.mark.parametrize("last", ["assistant", "system"])
def test_the_last_word_is_the_users(last: str) -> None:
    messages = [*ASKED, {"role": last, "content": "x"}]
    if last == "system":
        assert read_request(body(messages=messages)).question == "What is it?"
    else:
        assert refused(body(messages=messages))[0] == "messages"


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 8001])
def test_a_question_that_is_none_is_a_message_that_does_not_fit(text: str) -> None:
    assert refused(body(messages=[{"role": "user", "content": text}]))[0] == "messages"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("model", "messages", "stream", "max_tokens", "user", "n", "tools", "top_p"),
                *("stop", "logprobs", "seed", "response_format", "logit_bias"),
            ]
        ),
        JSON,
    )
)
def test_whatever_is_sent_is_read_or_refused(sent: dict[str, Any]) -> None:
    error: AppError | None = None
    try:
        read_request(sent)
    except AppError as refusal:
        error = refusal
    assert error is None or (error.status in {400, 404} and error.param)
