"""The contract of the API in brief: what of the description a client can depend on."""

from typing import Any

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/"
_PROSE = frozenset({"title", "description", "discriminator"})
_OWN = ("x-scope", "x-publishable-key")
PROBLEM = "application/problem+json"


def in_one_form(schema: Any) -> Any:
    """The same schema where JSON Schema has several ways to say it: a type that may be null, a list of
    words in any order and with or without their type, a default of null, nothing required."""
    if isinstance(schema, list):
        return [in_one_form(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: in_one_form(part) for name, part in schema.items()}
    if told.get("default", ...) is None and "properties" not in told:
        del told["default"]
    if told.get("required") == []:
        del told["required"]
    if isinstance(told.get("type"), list):
        return _nullable(told)
    if "oneOf" in told:
        told["anyOf"] = told.pop("oneOf")
    return _words(told)


def _nullable(told: Json) -> Json:
    (kind,) = [one for one in told.pop("type") if one != "null"]
    outside = {name: told.pop(name) for name in ("default",) if name in told}
    words = {"enum": [one for one in told["enum"] if one is not None]} if "enum" in told else {}
    return {**outside, "anyOf": [_words({**told, **words, "type": kind}), {"type": "null"}]}


def _words(told: Json) -> Json:
    words = told.get("enum")
    if isinstance(words, list) and all(isinstance(one, str) for one in words):
        return {**{name: told[name] for name in told if name != "type"}, "enum": sorted(words)}
    return told


def summarize_contract(document: Json) -> Json:
    """Every operation with its parameters, body, answers and rights, and no component's name."""
    schemas = document["components"]["schemas"]
    return {
        f"{method.upper()} {path}": _operation(operation, schemas)
        for path, methods in sorted(document["paths"].items())
        for method, operation in sorted(methods.items())
    }


def _operation(operation: Json, schemas: Json) -> Json:
    responses = operation["responses"]
    body = operation.get("requestBody")
    brief = {
        "operation_id": operation["operationId"],
        "summary": operation["summary"],
        "security": operation["security"],
        **{name: operation[name] for name in _OWN if name in operation},
        "parameters": {
            f"{given['in']} {given['name']}": {
                "required": given["required"],
                "schema": _resolve(given["schema"], schemas),
            }
            for given in operation["parameters"]
        },
        "answers": {
            status: _content(response, schemas)
            for status, response in responses.items()
            if PROBLEM not in response.get("content", {})
        },
        "problems": sorted(
            status for status, told in responses.items() if PROBLEM in told.get("content", {})
        ),
    }
    if body:
        brief["body"] = {"required": body["required"], **_content(body, schemas)}
    return brief


def _content(holder: Json, schemas: Json) -> Json:
    content = holder.get("content", {})
    return {media: _resolve(told["schema"], schemas) for media, told in content.items()}


def _resolve(schema: Any, schemas: Json) -> Any:
    """A schema with its references followed and its prose left out."""
    if isinstance(schema, list):
        return [_resolve(part, schemas) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolve(schemas[schema["$ref"].removeprefix(_REFERENCE)], schemas)
    resolved = {
        name: _properties(part, schemas) if name == "properties" else _resolve(part, schemas)
        for name, part in schema.items()
        if name not in _PROSE
    }
    if "required" in resolved:
        resolved["required"] = sorted(resolved["required"])
    return resolved


def _properties(properties: Json, schemas: Json) -> Json:
    """By name, of which one may well be `title` or `description`."""
    return {name: _resolve(schema, schemas) for name, schema in properties.items()}
