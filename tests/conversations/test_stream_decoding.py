"""A provider's stream, cut anywhere: the same events, and one that is none is an error with a code."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import LLMError, LLMEvent, LLMFinish, LLMText, LLMUsage
from conversations.llm.policy import ATTEMPTS, MAX_WAIT, wait_before_retry
from conversations.llm.sse import StreamDecoder


def chunk(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(text: str | None, finish: str | None = None) -> bytes:
    return chunk(choices=[{"delta": {"content": text}, "finish_reason": finish}])


STREAM = b"".join(
    [
        b": a comment\n\n",
        delta("Grüße, "),
        delta(""),
        delta(None),
        delta("語 😀"),
        delta(None, "stop"),
        chunk(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 4}),
        b"data: [DONE]\n\n",
    ]
)


def decoded(*parts: bytes) -> tuple[str, list[LLMEvent], StreamDecoder]:
    decoder = StreamDecoder()
    events = [event for part in parts for event in decoder.feed(part)]
    text = "".join(event.text for event in events if isinstance(event, LLMText))
    return text, [event for event in events if not isinstance(event, LLMText)], decoder


def test_a_stream_is_its_text_its_finish_and_its_usage() -> None:
    text, others, decoder = decoded(STREAM)
    assert text == "Grüße, 語 😀"
    assert others == [LLMFinish("stop"), LLMUsage(3, 4)]
    assert (decoder.finished, decoder.done) == (True, True)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_wherever_it_is_cut_it_says_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[a:b] for a, b in itertools.pairwise(places)]
    assert decoded(*parts)[:2] == decoded(STREAM)[:2]


def test_text_of_one_read_is_one_event_that_counts_its_pieces() -> None:
    decoder = StreamDecoder()
    [event] = decoder.feed(delta("a") + delta("b") + delta("c"))
    assert event == LLMText("abc", 3)


def test_a_nul_is_left_out() -> None:
    assert decoded(delta("a\x00b"))[0] == "ab"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "many",
        {"prompt_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 10**12, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
    ],
)
def test_a_count_that_is_none_is_no_usage_and_no_error(usage: object) -> None:
    assert decoded(chunk(choices=[], usage=usage))[1] == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"data: {not json\n", "provider_protocol"),
        (b"data: []\n", "provider_protocol"),
        (b"data: \xff\xfe\n", "provider_protocol"),
        (b"data: " + b"[" * 50_000 + b"\n", "provider_protocol"),
        (chunk(error={"message": "overloaded"}), "provider_failed"),
        (b"x" * 1_048_577, "provider_protocol"),
    ],
    ids=["no JSON", "no object", "no UTF-8", "deep", "an error", "a line without an end"],
)
def test_what_is_no_chunk_has_a_code(line: bytes, code: str) -> None:
    with pytest.raises(LLMError) as caught:
        decoded(line)
    assert (caught.value.code, caught.value.permanent) == (code, False)


@pytest.mark.parametrize("line", [b"event: ping\n\n", b": still here\n\n", b"\n\n", b"retry: 5\n"])
def test_what_a_stream_may_also_hold_is_passed_over(line: bytes) -> None:
    assert decoded(line, delta("a"))[0] == "a"


def failed(**more: Any) -> LLMError:
    return LLMError("provider_failed", "no", **{"permanent": False, **more})


def test_waits_grow_and_end() -> None:
    waits = [wait_before_retry(failed(), attempt) for attempt in range(1, ATTEMPTS + 1)]
    first, second, last = waits
    assert first is not None
    assert 0.1 <= first <= 0.3
    assert second is not None
    assert 0.2 <= second <= 0.6
    assert last is None


@pytest.mark.parametrize(
    ("asked", "wait"), [(0.5, 0.5), (MAX_WAIT, MAX_WAIT), (MAX_WAIT + 1, None)]
)
def test_a_provider_that_names_a_wait_is_believed_within_reason(
    asked: float, wait: float | None
) -> None:
    assert wait_before_retry(failed(retry_after=asked), 1) == wait


def test_what_would_fail_again_is_not_tried_again() -> None:
    assert wait_before_retry(failed(permanent=True), 1) is None
