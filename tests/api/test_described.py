"""The description's own rules: every operation has one name, its refusals, and nothing unexplained."""

from collections.abc import Iterator
from typing import Any

import pytest

from chatbot_saas.api.problem import MEANINGS, PROBLEM
from chatbot_saas.api.reference import prose, type_of
from chatbot_saas.api.schema import description

Json = dict[str, Any]
# Their making leaves nothing to choose.
BODILESS = {"create_identity_secret"}


def operations() -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    document = description()
    schemas = document["components"]["schemas"]
    used = {one.rpartition("/")[2] for one in references(document)}
    assert used <= schemas.keys()
    streamed = {name for name in schemas if name.startswith("Turn")}
    assert schemas.keys() - used <= streamed


@pytest.mark.parametrize(("method", "path", "operation"), operations(), ids=str)
def test_every_operation_is_told_in_full(method: str, path: str, operation: Json) -> None:
    assert operation["summary"].endswith(".")
    assert operation["tags"][0] in {tag["name"] for tag in description()["tags"]}
    for status, response in operation["responses"].items():
        assert response["description"] == MEANINGS[int(status)]
        assert (PROBLEM in response.get("content", {})) == (status >= "400")
    assert {"400", "503"} <= operation["responses"].keys()
    named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
    assert all(f"{{{name}}}" in path for name in named)
    assert path.count("{") == len(named)
    if "{" in path:
        assert "404" in operation["responses"]
    if operation["security"]:
        assert operation["x-scope"]
        assert {"401", "403", "429"} <= operation["responses"].keys()
    if "requestBody" in operation:
        assert operation["requestBody"]["required"] is True
        assert "413" in operation["responses"]
    has_body = method in {"post", "put", "patch"} and operation["operationId"] not in BODILESS
    assert has_body == ("requestBody" in operation)


def test_names_of_operations_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) > 20


def test_bodies_that_take_nothing_unknown_say_so() -> None:
    schemas = description()["components"]["schemas"]
    closed = {name for name, one in schemas.items() if one.get("additionalProperties") is False}
    assert closed >= {"NewChatbot", "ChatbotChanges", "NewKey", "Credentials", "RefreshBody"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "#/components/schemas/Chatbot"}, "Chatbot"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Key"}}, "list of Key"),
        ({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}, "uuid or null"),
        ({"enum": ["up", "down"]}, "up | down"),
        ({"enum": [False], "type": "boolean"}, "false"),
        ({"type": "integer"}, "integer"),
        ({}, "anything"),
    ],
)
def test_a_type_has_a_name_for_people(schema: Json, told: str) -> None:
    assert "".join(part["text"] for part in type_of(schema)) == told


def test_code_in_a_sentence_is_set_apart() -> None:
    parts = prose("Send `a` or `b`.")
    assert [(part["text"], part["code"]) for part in parts] == [
        ("Send ", False),
        ("a", True),
        (" or ", False),
        ("b", True),
        (".", False),
    ]
    assert prose("") == []
