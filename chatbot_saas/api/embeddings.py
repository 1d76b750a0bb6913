"""`/v1/embeddings`: the vectors of the product's own embedding model, in OpenAI's form."""

import asyncio
import base64
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta

from chatbot_saas.api.bodies import read_body
from chatbot_saas.api.endpoint import endpoint, secret_key
from chatbot_saas.api.problem import Problem
from chatbot_saas.api.rest import JSON
from chatbot_saas.api.views import described
from core.errors import InvalidRequest, NotFound
from knowledge.embedding_requests import (
    MAX_INPUT_LENGTH,
    MAX_INPUTS,
    Embedded,
    embed_for_tenant,
)
from knowledge.embeddings.base import Vectors
from knowledge.embeddings.registry import get_embedder

Encoding = Literal["float", "base64"]
_Text = Annotated[str, Meta(min_length=1, max_length=MAX_INPUT_LENGTH)]
_encode = msgspec.json.Encoder().encode


class EmbeddingRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Texts to turn into vectors. `user` is not kept."""

    model: Annotated[str, Meta(description="The name of the embedding model.")]
    input: _Text | Annotated[list[_Text], Meta(min_length=1, max_length=MAX_INPUTS)]
    encoding_format: Encoding | None = None
    dimensions: Annotated[int, Meta(description="The model's own number alone.")] | None = None
    user: str | None = None


class Embedding(msgspec.Struct):
    """`embedding` is a list of numbers, or with `base64` their 32-bit floats, the low byte first."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(msgspec.Struct):
    """An estimate that no text exceeds."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct):
    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


_TYPES = {field.name: field.type for field in msgspec.structs.fields(EmbeddingRequest)}
_REFUSALS = {
    "model": "“model” is the name of the embedding model.",
    "encoding_format": "“encoding_format” is “float” or “base64”.",
    "dimensions": "“dimensions” is a whole number.",
    "user": "“user” is a text.",
    "input": "“input” is a text or a list of texts. Lists of tokens are not supported: send the texts.",
}


@described(
    "POST",
    scope="chat",
    operation_id="create_embeddings",
    tags=["Chat"],
    summary="Turn texts into vectors, in the form of OpenAI's embeddings.",
    description="Each request counts as one message of the plan.",
    request=EmbeddingRequest,
    responses={(200, JSON): EmbeddingList, **dict.fromkeys((402, 404, 502), Problem)},
)
@endpoint("POST")
async def create_embeddings(request: HttpRequest) -> HttpResponse:
    """The vectors of all texts, or a refusal and none."""
    key = secret_key(request)
    asked = read_request(read_body(request, dict[str, Any]))
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    embedder = get_embedder()
    if asked.model != embedder.name:
        raise NotFound(
            f"There is no such embedding model here. It is “{embedder.name}”.",
            param="model",
            detail_code="model_not_found",
        )
    if asked.dimensions not in (None, embedder.dimensions):
        raise InvalidRequest(
            f"“dimensions” may only be {embedder.dimensions}: vectors are not cut.",
            param="dimensions",
            detail_code="unsupported_parameter",
        )
    embedded = await embed_for_tenant(key.tenant_id, texts)
    # Up to a million numbers: other requests go on meanwhile.
    body = await asyncio.to_thread(
        _write, embedded, embedder.name, asked.encoding_format or "float"
    )
    return HttpResponse(body, content_type=JSON)


def read_request(body: dict[str, Any]) -> EmbeddingRequest:
    """Raises `InvalidRequest` with the parameter's name."""
    given = {name: value for name, value in body.items() if value is not None}
    for name in given.keys() - _TYPES.keys():
        raise InvalidRequest(
            f"The parameter “{name[:100]}” is not supported.",
            param=name[:100],
            detail_code="unsupported_parameter",
        )
    # Counted before the first of them is looked at.
    texts = given.get("input")
    if isinstance(texts, list) and len(texts) > MAX_INPUTS:
        raise InvalidRequest(
            f"“input” may hold at most {MAX_INPUTS:,} texts; this one has {len(texts):,}.",
            param="input",
        )
    for name in ("model", "input", "encoding_format", "dimensions", "user"):
        _check(name, given)
    return msgspec.convert(given, EmbeddingRequest)


def _check(name: str, given: dict[str, Any]) -> None:
    if name not in given and name not in ("model", "input"):
        return
    try:
        msgspec.convert(given.get(name), _TYPES[name])
    except msgspec.ValidationError as error:
        raise InvalidRequest(_refusal_of(name, given.get(name)), param=name) from error


def _refusal_of(name: str, value: Any) -> str:
    texts = value if isinstance(value, list) else [value]
    if name == "input" and texts and all(isinstance(text, str) for text in texts):
        return f"Each text of “input” has 1 to {MAX_INPUT_LENGTH:,} characters."
    return _REFUSALS[name]


def _write(embedded: Embedded, model: str, encoding: Encoding) -> bytes:
    usage = {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens}
    data = [
        msgspec.Raw(
            _encode({"object": "embedding", "index": at, "embedding": _form(row, encoding)})
        )
        for at, row in enumerate(embedded.vectors)
    ]
    return _encode({"object": "list", "data": data, "model": model, "usage": usage})


def _form(vector: Vectors, encoding: Encoding) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    numbers: list[float] = vector.tolist()
    return numbers
