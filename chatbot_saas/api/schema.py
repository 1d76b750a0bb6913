"""The description of the API, which drf-spectacular reads from the views that serve it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance

from chatbot_saas.api.problem import MEANINGS, PROBLEM, Problem
from chatbot_saas.api.rest import JSON
from chatbot_saas.api.serializing import ClosedSerializer, StructField
from chatbot_saas.api.views import APIView
from conversations.turns import events

Json = dict[str, Any]
_ROUTES = "chatbot_saas.api.urls"
_REFERENCE = "#/components/schemas/{name}"


@lru_cache(maxsize=1)
def description() -> Json:
    """The OpenAPI 3.1 document."""
    described: Json = SchemaGenerator(urlconf=_ROUTES).get_schema(public=True)
    # What the `data` of a turn's stream holds: no schema says that a text is JSON of another one.
    _, told = msgspec.json.schema_components([events.TurnEvent], ref_template=_REFERENCE)
    described["components"]["schemas"].update(told)
    return described


class OperationSchema(AutoSchema):
    """One operation: what its view says, and what is true of all of them (refusals, keys, scopes)."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Json:
        operation: Json = super().get_operation(*args, **kwargs) or {}
        parameters = operation.setdefault("parameters", [])
        for parameter in parameters:
            parameter.setdefault("required", False)
            parameter.setdefault("description", "")
            # Said by the list of words already.
            if "enum" in parameter["schema"]:
                parameter["schema"].pop("minLength", None)
        operation.setdefault("description", "")
        operation.setdefault("security", [])
        return operation

    def get_description(self, *args: Any) -> str:
        # A view's docstring is for who reads the code.
        return ""

    def get_auth(self) -> list[Json]:
        return [{"key": []}] if self._scope else []

    def get_override_parameters(self) -> list[Any]:
        paginator = self._get_paginator() if self._is_list_view() else None
        return [paginator.query] if paginator and paginator.query else []

    def get_extensions(self) -> Json:
        if not self._scope:
            return {}
        return {"x-scope": self._scope, "x-publishable-key": cast(APIView, self.view).public_key}

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}List"

    def map_parsers(self) -> list[str]:
        # Any content type is read as JSON; this is the right one.
        return [JSON if media == "*/*" else media for media in super().map_parsers()]

    def _map_serializer(self, serializer: Any, *args: Any, **kwargs: Any) -> Json:
        schema: Json = super()._map_serializer(serializer, *args, **kwargs)
        if isinstance(force_instance(serializer), ClosedSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, *args: Any, **kwargs: Any) -> Json | None:
        schema: Json | None = super()._map_serializer_field(*args, **kwargs)
        # A mark for a hook that names lists of words; here they stand where they are used.
        if schema is not None:
            schema.pop("x-spec-enum-id", None)
        return schema

    @property
    def _scope(self) -> str | None:
        return cast(APIView, self.view).required_scopes.get(self.method)

    def _get_request_body(self, *args: Any, **kwargs: Any) -> Json | None:
        body: Json | None = super()._get_request_body(*args, **kwargs)
        return body and {**body, "required": True}

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> Json:
        told: Json = super()._get_response_bodies(*args, **kwargs)
        answers = {code: told[code] for code in told if code < "400"}
        refusals = {int(code) for code in told if code >= "400"} | set(self._refusals())
        problem = {PROBLEM: {"schema": self.resolve_serializer(cast(Any, Problem), "response").ref}}
        bodies = {
            **answers,
            **{str(code): {"content": problem} for code in sorted(refusals)},
        }
        return {code: {**body, "description": MEANINGS[int(code)]} for code, body in bodies.items()}

    def _refusals(self) -> Iterator[int]:
        yield from (400, 503)
        if self._scope:
            yield from (401, 403, 429)
        if "{" in self.path:
            yield 404
        if self.method in ("POST", "PUT", "PATCH"):
            yield 413
            if JSON not in self.map_parsers():
                yield 415


class StructSchema(OpenApiSerializerExtension):
    """A struct, as the streams decode it, in the place of a serializer."""

    target_class = msgspec.Struct
    match_subclasses = True

    def get_name(self, auto_schema: Any = None, direction: Any = None) -> str:
        return str(self.target.__name__)

    def get_identity(self, auto_schema: Any, direction: Any) -> str:
        # By name, as the structs refer to each other.
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: Any, direction: Any) -> Json:
        _, components = msgspec.json.schema_components([self.target], ref_template=_REFERENCE)
        schema: Json = components.pop(self.target.__name__)
        for name, part in components.items():
            component = ResolvedComponent(
                name=name, type=ResolvedComponent.SCHEMA, object=name, schema=part
            )
            auto_schema.registry.register_on_missing(component)
        return schema


class StructInSerializer(OpenApiSerializerFieldExtension):
    """A `StructField`: a reference to its struct."""

    target_class = StructField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Json:
        reference: Json = auto_schema.resolve_serializer(self.target.struct, direction).ref
        return reference
