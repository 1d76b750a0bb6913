"""The API as a table: each operation says what it takes and gives, and the same structs decode,
encode and describe it, so that what is written of the API cannot differ from what it does.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import URLPattern, path

from core.errors import (
    AppError,
    InvalidRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    Unavailable,
    UnsupportedMedia,
)
from tenants.access import require_scope
from tenants.api_keys import APIKeyIdentity
from tenants.bodies import read_body, read_query
from tenants.context import DATABASE_AWAY
from tenants.responses import problem_response

log = logging.getLogger(__name__)
T = TypeVar("T")
JSON = "application/json"
FORM = "multipart/form-data"
_encode = msgspec.json.Encoder().encode


class Page(msgspec.Struct, Generic[T], tag_field="object", tag="list", kw_only=True):
    """One page of a list. `next_cursor` is the `cursor` of the next page; null at the end."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


class PageQuery(msgspec.Struct):
    """How much of a list, and from where on."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most.")] = 20
    cursor: Annotated[
        str, msgspec.Meta(max_length=100, description="The `next_cursor` of the page before.")
    ] = ""


def page_of(data: list[T], next_cursor: object | None) -> Page[T]:
    return Page(
        data=data,
        has_more=next_cursor is not None,
        next_cursor=None if next_cursor is None else str(next_cursor),
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A request after its checks. `key` holds the operation's scope; `query` and `body` are of the
    operation's own structs."""

    request: HttpRequest
    key: APIKeyIdentity
    query: Any
    body: Any


Reply = tuple[int, Any]
Run = Callable[..., Reply]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    `answers` maps a status to what it brings by media type: a struct, a type that JSON Schema knows,
    or None for no body. `scope` None: no key is asked for. `errors` are statuses beyond those that
    any operation of its kind may answer. `run` None: the route is served by a view of its own, and
    this describes it.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    scope: str | None
    answers: Mapping[int, Mapping[str, Any] | None]
    description: str = ""
    public_key: bool = False
    query: type[msgspec.Struct] | None = None
    body: Any = None
    form: type[msgspec.Struct] | None = None
    headers: type[msgspec.Struct] | None = None
    errors: Sequence[int] = field(default=())
    run: Run | None = None


def as_json(kind: Any) -> Mapping[str, Any]:
    return {JSON: kind}


def routes(operations: Sequence[Operation]) -> list[URLPattern]:
    """The URL patterns of the operations that run here; `{x_id}` in a path is a UUID."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in operations:
        if operation.run is not None:
            by_path[operation.path][operation.method] = operation
    return [path(django_path(where), _view(methods)) for where, methods in by_path.items()]


def django_path(where: str) -> str:
    """`/v1/chatbots/{chatbot_id}` as Django writes it."""
    parts = []
    for part in where.lstrip("/").split("/"):
        name = part[1:-1] if part.startswith("{") else ""
        kind = "uuid" if name.endswith("_id") else "str"
        parts.append(f"<{kind}:{name}>" if name else part)
    return "/".join(parts)


def _view(methods: Mapping[str, Operation]) -> Callable[..., HttpResponse]:
    allowed = sorted({*methods, *(("HEAD",) if "GET" in methods else ())})

    def view(request: HttpRequest, **params: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else request.method or ""
        try:
            if method not in methods:
                raise MethodNotAllowed(f"Use {' or '.join(allowed)} here.", allowed=allowed)
            return _answer(methods[method], request, params)
        except (AppError, *_REFUSED, *DATABASE_AWAY) as error:
            return problem_response(_as_app_error(error), request)

    return view


def _answer(operation: Operation, request: HttpRequest, params: Mapping[str, Any]) -> HttpResponse:
    key: Any = getattr(request, "api_key", None)
    if operation.scope is not None:
        key = require_scope(key, operation.scope)
    query = read_query(request.GET.dict(), operation.query) if operation.query else None
    body = read_body(request, operation.body) if operation.body else None
    if operation.form is not None and request.content_type != FORM:
        raise UnsupportedMedia("Send the file as multipart/form-data, in the field “file”.")
    assert operation.run is not None
    status, reply = operation.run(Call(request, key, query, body), **params)
    response = HttpResponse(status=status, headers={"Cache-Control": "no-store"})
    if reply is None:
        del response["Content-Type"]
    else:
        response["Content-Type"], response.content = JSON, _encode(reply)
    return response


_REFUSED = (SuspiciousOperation, MultiPartParserError)


def _as_app_error(error: Exception) -> AppError:
    """Django's own refusals, and a database that is away, as ours."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestDataTooBig):
        return PayloadTooLarge("The request is too large.")
    if isinstance(error, _REFUSED):
        return InvalidRequest("The request cannot be read, or has more parts than it may have.")
    log.warning("a request could not be served: %s", type(error).__name__)
    return Unavailable("The service is not available at the moment.", retry_after=2)
