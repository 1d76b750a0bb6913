"""Lists by keyset: a page costs the same wherever it is, and what is added meanwhile moves nothing."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from chatbot_saas.api.serializing import TextField, validate

Json = dict[str, Any]
_CURSOR = {"type": ["string", "null"]}


class Slice(NamedTuple):
    """Rows of a list in its order. `next_cursor` is where the following ones begin; None at the end."""

    rows: Sequence[Any]
    next_cursor: object | None


Fetch = Callable[[int, str], Slice]


class PageQuery(serializers.Serializer[Any]):
    """How much of a list, and from where on."""

    limit = serializers.IntegerField(
        min_value=1, max_value=100, default=20, help_text="How many at most."
    )
    cursor = TextField(
        max_length=100, default="", help_text="The `next_cursor` of the page before."
    )


class KeysetPagination(BasePagination):
    """`{object: "list", data, has_more, next_cursor}`. What it pages is a function (`Fetch`) that reads
    a limit of rows after a cursor, which is empty for the first page."""

    query: type[serializers.Serializer[Any]] | None = PageQuery
    _next_cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        fetch: Fetch = queryset
        asked = validate(PageQuery(data=given(request)))
        rows, cursor = fetch(asked["limit"], asked["cursor"])
        self._next_cursor = None if cursor is None else str(cursor)
        return list(rows)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "object": "list",
                "data": data,
                "has_more": self._next_cursor is not None,
                "next_cursor": self._next_cursor,
            }
        )

    def get_paginated_response_schema(self, schema: Json) -> Json:
        members = {
            "object": {"enum": ["list"]},
            "data": schema,
            "has_more": {"type": "boolean"},
            "next_cursor": _CURSOR,
        }
        description = (
            "One page of a list. `next_cursor` is the `cursor` of the next page; null at the end."
        )
        return {
            "type": "object",
            "description": description,
            "required": list(members),
            "properties": members,
        }


class WholeList(KeysetPagination):
    """A list that is always one page; it has a page's members."""

    query = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        fetch: Fetch = queryset
        return list(fetch(sys.maxsize, "").rows)


class ObjectList(WholeList):
    """OpenAI's list: whole, and without a page's members."""

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"object": "list", "data": data})

    def get_paginated_response_schema(self, schema: Json) -> Json:
        members = {"object": {"enum": ["list"]}, "data": schema}
        return {"type": "object", "required": list(members), "properties": members}


def given(request: Request) -> dict[str, str]:
    """The query's parameters. An empty one is one left out, as a form sends it."""
    query = request.query_params
    return {name: value for name in query if (value := query.get(name))}
