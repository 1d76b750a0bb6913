"""The API as a table: each operation says what it takes and gives, and the same structs decode,
encode and describe it, so that what is written of the API cannot differ from what it does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatbot_saas.api.bodies import read_body, read_query
from chatbot_saas.api.rest import JSON
from tenants.keys.api_keys import APIKeyIdentity

T = TypeVar("T")
FORM = "multipart/form-data"


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
    operation's own structs; `files` are a form's, by field."""

    request: HttpRequest
    key: APIKeyIdentity
    query: Any
    body: Any
    files: Any

    @property
    def actor(self) -> str:
        """Who the audit trail says did it: the key, or the member whose token it is."""
        return str(self.key.key_id)


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


class OperationView(APIView):
    """The operations of one path, by method. Django REST framework finds out who calls, whether they
    may, and what a form holds; `rest` says how. A JSON body goes straight into its struct."""

    operations: Mapping[str, Operation] = {}

    @property
    def operation(self) -> Operation | None:
        """None for a method that the path does not have."""
        method = self.request.method or ""
        return self.operations.get("GET" if method == "HEAD" else method)

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers hold a workspace's own data, and some of them a key.
        return {"Cache-Control": "no-store"}

    def run(self, request: Request, **params: Any) -> Response:
        operation = self.operation
        assert operation is not None
        assert operation.run is not None
        plain, key = request._request, cast(APIKeyIdentity, request.auth)
        query = read_query(plain.GET.dict(), operation.query) if operation.query else None
        body = read_body(plain, operation.body) if operation.body else None
        files = request.FILES if operation.form else None
        status, reply = operation.run(Call(plain, key, query, body, files), **params)
        return Response(reply, status=status)

    get = post = patch = delete = run


def _view(methods: Mapping[str, Operation]) -> Callable[..., HttpResponseBase]:
    # A HEAD is answered wherever there is a GET, as HTTP wants it.
    names = sorted(name.lower() for name in {*methods, *(("HEAD",) if "GET" in methods else ())})
    return OperationView.as_view(operations=methods, http_method_names=names)
