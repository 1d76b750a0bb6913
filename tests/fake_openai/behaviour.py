"""What the fake provider is told to do with one request."""

import re
from typing import Any, Literal

import msgspec

_PASSAGE = re.compile(r'<passage-([0-9a-f]{16}) n="(\d+)"[^>]*>\n(.*?)\n</passage-\1>', re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Behaviour(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One scripted answer. Times are seconds; positions count chunks of text already sent.

    `match` limits it to requests whose last message contains that text, `times` is how often it is
    used (-1: for ever). Without `text` the answer quotes the first passage of the prompt and cites
    it; `tokens` makes it exactly that many words long. `chunks` is the number of pieces the text is
    sent in (default: one for each word). At `hold_at` it waits until it is told to go on.
    From `chatter_at` on it sends comments or empty deltas (`chatter`) for ever, and no more text.
    `reported` are the tokens in and out that it claims.
    """

    match: str = ""
    times: int = 1
    text: str | None = None
    tokens: int | None = None
    chunks: int | None = None
    first_delay: float = 0.0
    delay: float = 0.0
    status: int = 200
    retry_after: str | None = None
    stall_at: int | None = None
    stall: float = 3600.0
    hold_at: int | None = None
    chatter_at: int | None = None
    chatter: Literal["comment", "empty"] = "comment"
    cut_at: int | None = None
    eof_at: int | None = None
    garbage_at: int | None = None
    error_at: int | None = None
    usage: bool = True
    reported: tuple[int, int] | None = None
    finish_reason: str = "stop"


def last_message(body: dict[str, Any]) -> str:
    messages = body.get("messages") or [{}]
    content = messages[-1].get("content", "")
    return content if isinstance(content, str) else ""


def reply_text(behaviour: Behaviour, body: dict[str, Any]) -> str:
    """The whole answer for this request."""
    text = behaviour.text if behaviour.text is not None else _grounded(body)
    if behaviour.tokens is None:
        return text
    words = (text.split() * (behaviour.tokens // max(1, len(text.split())) + 1))[: behaviour.tokens]
    return " ".join(words)


def _grounded(body: dict[str, Any]) -> str:
    for message in reversed(body.get("messages") or []):
        content = message.get("content")
        found = _PASSAGE.search(content) if isinstance(content, str) else None
        if found:
            sentence = _SENTENCE.split(found[3].strip())[0]
            return f'The documents say: "{sentence}" [{found[2]}].'
    return "I have no passage to answer from."


def pieces(behaviour: Behaviour, text: str) -> list[str]:
    """The text in the pieces it is streamed in; joined they are the text again."""
    if behaviour.chunks is None:
        return re.findall(r"\S+\s*|\s+", text)
    size = max(1, -(-len(text) // behaviour.chunks))
    return [text[at : at + size] for at in range(0, len(text), size)]
