"""The OpenAI wire forms that the fake provider writes."""

import base64
import hashlib
import struct
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_CREATED = 1_700_000_000


def chunk(number: int, model: str, text: str) -> bytes:
    """One streamed piece of text as a server-sent event."""
    return b"data: " + _encode(_chunk(number, model, {"content": text}, None)) + b"\n\n"


def finish(number: int, model: str, reason: str) -> bytes:
    return b"data: " + _encode(_chunk(number, model, {}, reason)) + b"\n\n"


def usage_event(number: int, model: str, usage: dict[str, int]) -> bytes:
    body = {**_chunk(number, model, {}, None), "choices": [], "usage": usage}
    return b"data: " + _encode(body) + b"\n\n"


def _chunk(number: int, model: str, delta: dict[str, str], reason: str | None) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-fake-{number}",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }


def completion(
    number: int, model: str, text: str, reason: str, usage: dict[str, int] | None
) -> bytes:
    body: dict[str, Any] = {
        "id": f"chatcmpl-fake-{number}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
    }
    return _encode(body if usage is None else {**body, "usage": usage})


def error(message: str, kind: str) -> bytes:
    return _encode({"error": {"message": message, "type": kind, "param": None, "code": None}})


def embeddings(body: dict[str, Any]) -> bytes:
    """Deterministic unit vectors: the same text always gets the same one."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    size = int(body.get("dimensions") or 384)
    vectors = [_vector(text, size) for text in texts]
    if body.get("encoding_format") == "base64":
        values: list[Any] = [
            base64.b64encode(struct.pack(f"<{size}f", *v)).decode() for v in vectors
        ]
    else:
        values = list(vectors)
    data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(values)]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _encode({"object": "list", "data": data, "model": body.get("model"), "usage": usage})


def _vector(text: str, size: int) -> list[float]:
    raw = hashlib.shake_256(text.encode()).digest(size)
    values = [byte - 127.5 for byte in raw]
    norm = sum(value * value for value in values) ** 0.5
    return [value / norm for value in values]
