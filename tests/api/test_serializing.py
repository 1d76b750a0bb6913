"""What the serializers of `/v1` take, and how they say what does not fit."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from rest_framework import serializers

from chatbot_saas.api.serializing import (
    ClosedSerializer,
    KindField,
    MomentField,
    MoneyField,
    ShortList,
    TextField,
    misfit,
    validate,
)
from core.errors import InvalidRequest


class Body(ClosedSerializer):
    name = TextField(required=False, min_length=1, max_length=5)
    note = TextField(required=False)
    tags = ShortList(required=False, child=TextField(max_length=3), longest=2)
    ends = MomentField(required=False, allow_null=True)


class Inner(ClosedSerializer):
    body = Body()


class Counting(serializers.Field[Any, Any, Any, Any]):
    """Counts how many values were looked at."""

    seen = 0

    def to_internal_value(self, data: Any) -> Any:
        type(self).seen += 1
        return data


def refusal(kind: type[serializers.Serializer[Any]], data: Any) -> tuple[str | None, str]:
    with pytest.raises(InvalidRequest) as caught:
        validate(kind(data=data))
    return caught.value.param, caught.value.message


def test_a_text_is_taken_as_it_was_sent() -> None:
    given = {"name": " ab ", "note": ""}
    assert validate(Body(data=given)) == given
    assert validate(Body(data={"note": "a\x00b"})) == {"note": "a\x00b"}


@pytest.mark.parametrize("value", [7, 1.5, True, ["a"], {"a": 1}])
def test_what_is_no_text_is_not_made_one(value: Any) -> None:
    param, message = refusal(Body, {"note": value})
    assert (param, message) == ("note", "“note”: Not a valid string.")


@pytest.mark.parametrize("value", ["", "abcdef", None])
def test_a_text_has_bounds(value: Any) -> None:
    param, message = refusal(Body, {"name": value})
    assert param == "name"
    assert message.startswith("“name”: ")


def test_a_member_that_nobody_knows_is_named_and_cut() -> None:
    assert refusal(Body, {"nme": "a"}) == ("nme", "“nme”: There is no such member.")
    param, _ = refusal(Body, {"x" * 5000: "a"})
    assert param == "x" * 100


@pytest.mark.parametrize("data", [[], "a", 7, None])
def test_a_body_that_is_no_object_is_refused_without_a_member(data: Any) -> None:
    param, message = refusal(Body, data)
    assert param is None
    assert message


def test_the_place_of_a_refusal_is_written_out() -> None:
    param, message = refusal(Body, {"tags": ["abc", "abcd"]})
    assert param == "tags"
    assert message.startswith("“tags[1]”: ")
    param, message = refusal(Inner, {"body": {"tags": ["abcd"]}})
    assert param == "body"
    assert message.startswith("“body.tags[0]”: ")


def test_a_list_is_counted_before_it_is_read() -> None:
    class Counted(ClosedSerializer):
        values = ShortList(child=Counting(), longest=3)

    Counting.seen = 0
    assert refusal(Counted, {"values": list(range(100_000))}) == (
        "values",
        "“values”: There may be at most 3.",
    )
    assert Counting.seen == 0
    assert validate(Counted(data={"values": [1, 2, 3]})) == {"values": [1, 2, 3]}
    assert Counting.seen == 3


@pytest.mark.parametrize("data", ["a", {"a": 1}, 7])
def test_what_is_no_list_is_refused(data: Any) -> None:
    assert refusal(Body, {"tags": data})[0] == "tags"


def test_a_moment_needs_its_offset() -> None:
    param, message = refusal(Body, {"ends": "2030-01-31T12:00:00"})
    assert param == "ends"
    assert "2030-01-31T12:00:00Z" in message
    checked = validate(Body(data={"ends": "2030-01-31T12:00:00+02:00"}))
    assert checked["ends"] == datetime(2030, 1, 31, 10, tzinfo=UTC)
    assert validate(Body(data={"ends": None})) == {"ends": None}


@pytest.mark.parametrize(
    "value", ["", "soon", 7, "0001-01-01T00:00:00+23:59", "9" * 5000, "2030-02-30T00:00:00Z"]
)
def test_a_moment_that_is_none_is_refused(value: Any) -> None:
    assert refusal(Body, {"ends": value})[0] == "ends"


def test_money_is_written_to_its_last_digit_and_without_an_exponent() -> None:
    for text in ("12.340000", "0", "0.000012"):
        assert MoneyField().to_representation(Decimal(text)) == text
    assert MoneyField().to_representation(Decimal("0E-9")) == "0.000000000"
    assert MoneyField().to_representation(Decimal("1E+3")) == "1000"


def test_an_object_says_what_it_is() -> None:
    class Thing(serializers.Serializer[Any]):
        object = KindField("thing")
        id = serializers.UUIDField()

    identifier = uuid4()
    assert Thing({"id": identifier}).data == {"object": "thing", "id": str(identifier)}


def test_of_several_refusals_the_first_is_told() -> None:
    assert misfit({"a": {}, "b": ["Wrong."], "c": ["Too."]}).message == "“b”: Wrong."
    assert misfit({"a": [{}, {"b": ["Wrong."]}]}).message == "“a[1].b”: Wrong."
    assert misfit({"non_field_errors": ["Wrong."]}).message == "Wrong."
    assert misfit(["Wrong."]).param is None
