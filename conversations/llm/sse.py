"""Decoding of a streamed chat completion: bytes to `LLMEvent`s, with small structs for speed."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from conversations.llm.base import LLMError, LLMEvent, LLMFinish, LLMText, LLMUsage

# One line of a stream; a provider that sends longer ones is not speaking this protocol.
_MAX_LINE_BYTES = 1_048_576


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


# More than any context window, and within what a usage record can hold.
_Tokens = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class _Usage(msgspec.Struct):
    prompt_tokens: _Tokens
    completion_tokens: _Tokens


_NULL = msgspec.Raw(b"null")


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    # Not optional: a union with None would take nothing but null for these.
    usage: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_decode = msgspec.json.Decoder(_Chunk).decode
_decode_usage = msgspec.json.Decoder(_Usage).decode


class StreamDecoder:
    """Fed with bytes as they arrive. `finished` after a finish reason, `done` after `[DONE]`."""

    def __init__(self) -> None:
        self._rest = b""
        self.finished = False
        self.done = False

    def feed(self, data: bytes) -> Iterator[LLMEvent]:
        """The events these bytes complete; text of one read comes as one event."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            raise LLMError("provider_protocol", "a line of the stream is too long", permanent=False)
        texts: list[str] = []
        others: list[LLMEvent] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._line(line[5:].strip(), texts, others)
        if texts:
            yield LLMText("".join(texts), len(texts))
        yield from others

    def _line(self, payload: bytes, texts: list[str], others: list[LLMEvent]) -> None:
        if payload == b"[DONE]":
            self.done = True
            return
        try:
            chunk = _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"the stream holds something that is not a chunk: {error}"
            raise LLMError("provider_protocol", message, permanent=False) from error
        if bytes(chunk.error) != b"null":
            message = f"error inside the stream: {bytes(chunk.error)[:500]!r}"
            raise LLMError("provider_failed", message, permanent=False)
        for choice in chunk.choices or ():
            if choice.delta is not None and choice.delta.content:
                # PostgreSQL stores no NUL: one would cost the whole answer.
                texts.append(choice.delta.content.replace("\x00", ""))
            if choice.finish_reason:
                self.finished = True
                others.append(LLMFinish(choice.finish_reason))
        usage = _read_usage(chunk.usage)
        if usage is not None:
            others.append(LLMUsage(usage.prompt_tokens, usage.completion_tokens))


def _read_usage(raw: msgspec.Raw) -> _Usage | None:
    """None for what is no plausible count: then it is estimated, and the answer is kept."""
    if bytes(raw) == b"null":
        return None
    try:
        return _decode_usage(raw)
    except msgspec.ValidationError:
        return None
