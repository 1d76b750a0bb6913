"""The description of the API at `/v1/openapi.json`, made from the table that serves it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from chatbot_saas.api import chatbots, conversations, keys, models, tokens, usage
from chatbot_saas.api import documents as document_api
from chatbot_saas.api.operations import FORM, Operation, as_json
from chatbot_saas.api.rest import JSON
from conversations.turns import events

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
PROBLEM = "application/problem+json"
_TAGS = {
    "Chat": "Ask, and get a cited answer.",
    "Chatbots": "Set chatbots up.",
    "Conversations": "Read what was asked and answered.",
    "Documents": "What answers are quoted from.",
    "Usage": "What was used, and what may be.",
    "Keys": "Who may call this API.",
    "Tokens": "Programs that work as a member.",
    "This description": "The API about itself.",
}
MEANINGS = {
    200: "Success.",
    201: "Created.",
    202: "Accepted; it is processed in the background.",
    204: "Done; there is no body.",
    400: "The request does not fit; `error.param` names what does not.",
    401: "No key, or one that is unknown, revoked or expired.",
    402: "The workspace's own budget for the month is spent.",
    403: "The key may not do this, or the workspace is suspended.",
    404: "It does not exist, or is not the caller's.",
    409: "It exists already, or there are too many.",
    413: "The request is too large.",
    415: "The body is of a type that this path does not take.",
    429: "A quota is spent, or requests come too fast; `Retry-After` says when to try again.",
    502: "The model refused the request, or failed.",
    503: "The service is not available at the moment.",
}


class ProblemDetail(msgspec.Struct):
    """The same refusal in the form of OpenAI's API."""

    message: str
    type: str
    code: str
    param: str | None


class Problem(msgspec.Struct, kw_only=True):
    """An RFC 9457 problem that is an OpenAI error as well. `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    error: ProblemDetail
    until: str | msgspec.UnsetType = msgspec.UNSET


DESCRIBE = Operation(
    method="GET",
    path="/v1/openapi.json",
    name="describe",
    tag="This description",
    summary="Read this description.",
    scope=None,
    answers={200: as_json(dict[str, Any])},
)
OPERATIONS: tuple[Operation, ...] = (
    *models.OPERATIONS,
    *chatbots.OPERATIONS,
    *conversations.OPERATIONS,
    *document_api.OPERATIONS,
    *usage.OPERATIONS,
    *keys.OPERATIONS,
    *tokens.OPERATIONS,
    DESCRIBE,
)


@lru_cache(maxsize=1)
def description() -> Json:
    """The OpenAPI 3.1 document."""
    # A client made from it calls its classes like this: ChatbotList, and not Page_Chatbot_.
    text = re.sub(
        r"Page[_\[](\w+?)[_\]](?=[\"])", r"\1List", msgspec.json.encode(_describe()).decode()
    )
    described: Json = msgspec.json.decode(text)
    return described


def _describe() -> Json:
    # One struct in several operations is one schema.
    kinds = list(dict.fromkeys(_kinds()))
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    refer = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        described = _operation(operation, refer, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    for operation in OPERATIONS:
        # Told as parameters.
        for kind in filter(None, (operation.query, operation.headers)):
            components.pop(kind.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Chatbot API",
            "version": "1",
            "description": "Cited answers from a workspace's own documents. Every request carries "
            "`Authorization: Bearer` and a key.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, or a member's access token.",
                }
            },
        },
    }


def _kinds() -> Iterator[Any]:
    yield Problem
    yield events.TurnEvent
    for operation in OPERATIONS:
        yield from filter(
            None, (operation.query, operation.body, operation.form, operation.headers)
        )
        for media in operation.answers.values():
            yield from (media or {}).values()


def _operation(operation: Operation, refer: dict[str, Json], components: Json) -> Json:
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            *_path_parameters(operation.path),
            *_parameters(operation.query, "query", components),
            *_parameters(operation.headers, "header", components),
        ],
        "responses": _responses(operation, refer),
        "security": [{"key": []}] if operation.scope else [],
    }
    if operation.scope:
        described["x-scope"] = operation.scope
        described["x-publishable-key"] = operation.public_key
    body = operation.body or operation.form
    if body is not None:
        media = JSON if operation.body else FORM
        content = {media: {"schema": refer[repr(body)]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path_parameters(path: str) -> Iterator[Json]:
    for part in path.split("/"):
        if part.startswith("{"):
            uuid = {"format": "uuid"} if part.endswith("_id}") else {}
            schema = {"type": "string", **uuid}
            name = part[1:-1]
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": "",
                "schema": schema,
            }


def _parameters(kind: Any, where: str, components: Json) -> Iterator[Json]:
    if kind is None:
        return
    for name, schema in components[kind.__name__]["properties"].items():
        shown = {key: value for key, value in schema.items() if key != "description"}
        yield {
            "name": name,
            "in": where,
            "required": False,
            "description": schema.get("description", ""),
            "schema": shown,
        }


def _responses(operation: Operation, refer: dict[str, Json]) -> Json:
    responses: Json = {}
    for status, media in operation.answers.items():
        responses[str(status)] = {"description": MEANINGS[status]}
        if media:
            content = {name: {"schema": refer[repr(kind)]} for name, kind in media.items()}
            responses[str(status)]["content"] = content
    for status in sorted(_refusals(operation)):
        content = {PROBLEM: {"schema": {"$ref": REF.format(name="Problem")}}}
        responses[str(status)] = {"description": MEANINGS[status], "content": content}
    return responses


def _refusals(operation: Operation) -> set[int]:
    found = {400, 503, *operation.errors}
    if operation.scope:
        found |= {401, 403, 429}
    if "{" in operation.path:
        found.add(404)
    if operation.body or operation.form:
        found.add(413)
    if operation.form:
        found.add(415)
    return found
