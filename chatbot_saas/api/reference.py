"""The API described: for programs at `/v1/openapi.json`, for people as a page."""

import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.guide.codes import CODES
from chatbot_saas.api.guide.examples import examples
from chatbot_saas.api.problem import MEANINGS
from chatbot_saas.api.schema import description
from chatbot_saas.api.views import APIView
from core.errors import NotFound
from core.responses import problem_response
from tenants.keys.api_keys import SCOPES

Json = dict[str, Any]
_ROUTES = "chatbot_saas.api.urls"
# Of a stranger's path, which may be as long as a request's head.
_LONGEST_LOOKED_AT, _MOST_PARTS = 300, 8
# What OpenAI's clients ask for by other ways.
_ELSEWHERE = {"completions": "chat/completions", "responses": "chat/completions"}


class Description(APIView):
    """The same for everybody: it holds nothing of a workspace."""

    @extend_schema(
        operation_id="describe",
        tags=["This description"],
        summary="Read this description.",
        responses={200: {"type": "object"}},
    )
    def get(self, request: Request) -> Response:
        return Response(description(), headers={"Cache-Control": "max-age=300"})


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other path of the API, on whatever host."""
    return problem_response(NotFound(say_nothing_here(request.path)), request)


def say_nothing_here(path: str) -> str:
    """What is said of a path that does not exist: which one may have been meant, if any."""
    meant = _find_meant(path)
    found = f"Did you mean {meant}?" if meant else "/docs/api lists every path of the API."
    return f"There is nothing at this address. {found}"


def _find_meant(path: str) -> str | None:
    """The path of the API whose end this one has: a base URL was given without /v1, or with it twice."""
    parts = [part for part in path[:_LONGEST_LOOKED_AT].split("/") if part]
    for start in range(min(len(parts), _MOST_PARTS)):
        rest = "/".join(parts[start:])
        candidate = f"/v1/{_ELSEWHERE.get(rest, rest)}"
        if candidate != path and _exists(candidate):
            return candidate
    return None


def _exists(path: str) -> bool:
    try:
        return resolve(path, urlconf=_ROUTES).func is not nothing_here
    except Resolver404:
        return False


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The reference, written from the same description."""
    shown = {
        "groups": _groups(),
        "refusals": _refusals(),
        "schemas": _schemas(),
        "codes": [
            {**one._asdict(), "told": one.status in MEANINGS, "remedy": prose(one.remedy)}
            for one in CODES
        ],
        "scopes": sorted(SCOPES),
        "requests_per_minute": settings.API_REQUESTS_PER_MINUTE,
        "largest_body": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        "largest_file": settings.MAX_UPLOAD_BYTES,
        "base_url": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "reference.html", shown)


@lru_cache(maxsize=1)
def _groups() -> list[Json]:
    """The operations by tag, as the page shows them."""
    told = description()
    groups = {tag["name"]: {**tag, "operations": []} for tag in told["tags"]}
    # In the order of the document, which is the order of the resources.
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            shown = _shown(path, method, operation)
            groups[operation["tags"][0]]["operations"].append(shown)
    return list(groups.values())


def _shown(path: str, method: str, operation: Json) -> Json:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": prose(operation["description"]),
        "scope": operation.get("x-scope"),
        "publishable": operation.get("x-publishable-key", False),
        "parameters": [
            {
                **one,
                "type": type_of(one["schema"]),
                "bounds": _bounds(one["schema"]),
                "description": prose(one["description"]),
            }
            for one in operation["parameters"]
        ],
        "body": [{"media": media, "type": type_of(one["schema"])} for media, one in body.items()],
        "answers": [
            {"status": status, "description": one["description"], "content": _content(one)}
            for status, one in operation["responses"].items()
            if status < "400"
        ],
        "refusals": [status for status in operation["responses"] if status >= "400"],
        "examples": examples(path, method, operation, description()["components"]["schemas"]),
    }


@lru_cache(maxsize=1)
def _refusals() -> list[Json]:
    """What each status means that is no success: the same for every operation."""
    return [
        {"status": status, "description": prose(text)}
        for status, text in sorted(MEANINGS.items())
        if status >= 400
    ]


def prose(text: str) -> list[Json]:
    """A sentence in parts, those between backticks being code."""
    # Parts and not HTML: the template escapes each of them.
    return [{"text": part, "code": n % 2 == 1} for n, part in enumerate(text.split("`")) if part]


def _content(response: Json) -> list[Json]:
    content = response.get("content", {})
    return [{"media": media, "type": type_of(one["schema"])} for media, one in content.items()]


@lru_cache(maxsize=1)
def _schemas() -> list[Json]:
    """The structs that requests and answers are made of, in the order of their names."""
    found = description()["components"]["schemas"]
    return [
        {
            "name": name,
            "description": prose(schema.get("description", "")),
            "fields": [
                {
                    "name": field,
                    "type": type_of(one),
                    "description": prose(one.get("description", "")),
                    "required": field in schema.get("required", ()),
                    "bounds": _bounds(one),
                }
                for field, one in schema.get("properties", {}).items()
            ],
        }
        for name, schema in sorted(found.items())
        if schema.get("type") == "object"
    ]


def type_of(schema: Json) -> list[Json]:
    """How a schema is called, in parts: each a text, with the struct it leads to or None."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [{"text": name, "struct": name}]
    if "anyOf" in schema:
        parts = [type_of(one) for one in schema["anyOf"]]
        return [one for part in parts for one in (*part, _text(" or "))][:-1]
    if "enum" in schema:
        words = (one if isinstance(one, str) else json.dumps(one) for one in schema["enum"])
        return [_text(" | ".join(words))]
    if schema.get("type") == "array":
        return [_text("list of "), *type_of(schema.get("items", {}))]
    return [_text(str(schema.get("format") or schema.get("type") or "anything"))]


def _text(text: str) -> Json:
    return {"text": text, "struct": None}


def _bounds(schema: Json) -> str:
    words = {
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {}",
        "maxItems": "at most {}",
        "minimum": "from {}",
        "maximum": "to {}",
    }
    return ", ".join(text.format(schema[name]) for name, text in words.items() if name in schema)
