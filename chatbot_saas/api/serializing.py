"""Serializers that take what the description says and nothing near it: no number for a text, no naive
time, no member that nobody knows."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.core.validators import ProhibitNullCharactersValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.errors import InvalidRequest

# A name in a refusal is the caller's own text.
_SHOWN_NAME = 100
AMOUNT = r"^[0-9]{1,7}(\.[0-9]{1,9})?$"


class TextField(serializers.CharField):
    """A text as it was sent. May be empty, unless it has a `min_length` or a pattern."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", "min_length" not in kwargs)
        super().__init__(trim_whitespace=False, **kwargs)
        # A NUL is the service's to take out: it is no mistake of a person.
        kept = [one for one in self.validators if type(one) is not ProhibitNullCharactersValidator]
        self.validators = kept

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class ShortList(serializers.ListField):
    """A list of at most `longest` values, counted before the first of them is looked at."""

    default_error_messages = {"too_long": "There may be at most {longest}."}

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(max_length=longest, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > self.longest:
            self.fail("too_long", longest=self.longest)
        return super().to_internal_value(data)


class MomentField(serializers.DateTimeField):
    """A moment with its offset from UTC."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValidationError("A time needs its offset from UTC: 2030-01-31T12:00:00Z.")
        return super().enforce_timezone(value)


@extend_schema_field({"type": "string", "format": "decimal"})
class MoneyField(serializers.Field[Decimal, Any, str, Decimal]):
    """US dollars as text, to the last digit that was counted."""

    def to_representation(self, value: Decimal) -> str:
        # Without an exponent, in which `str` writes 0 and what is very small.
        return f"{value:f}"


@extend_schema_field({"type": "string", "pattern": AMOUNT})
class AmountField(serializers.Field[Decimal, str, str, Decimal]):
    """An amount of US dollars as text, as `MoneyField` writes it."""

    default_error_messages = {"invalid": "Write US dollars as text, in plain digits: “25.00”."}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(AMOUNT, data) or data.endswith("\n"):
            self.fail("invalid")
        return Decimal(data)


class KindField(serializers.ChoiceField):
    """What an object of the API is, in its member `object`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(choices=[kind], source="*")

    def to_representation(self, value: object) -> str:
        return self.kind


class StructField(serializers.Field[Any, Any, Any, Any]):
    """A value that a struct of the streams describes: the same there and here."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        self.struct = struct
        super().__init__()

    def to_representation(self, value: Any) -> Any:
        return value


class ClosedSerializer(serializers.Serializer[Any]):
    """A body whose members are all known: a misspelt one is a refusal and not silence."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = data.keys() - self.fields.keys() if isinstance(data, Mapping) else ()
        for name in sorted(unknown):
            raise ValidationError({name[:_SHOWN_NAME]: ["There is no such member."]})
        return super().to_internal_value(data)


def validate(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """What was given, checked. Raises `InvalidRequest` whose `param` is the member that is wrong."""
    if not serializer.is_valid():
        raise misfit(serializer.errors)
    checked: dict[str, Any] = serializer.validated_data
    return checked


def misfit(errors: Any) -> InvalidRequest:
    """The first of a serializer's refusals."""
    steps, text = _first(errors)
    named = [step for step in steps if step != "non_field_errors"]
    if not named:
        return InvalidRequest(text)
    where = named[0] + "".join(f"[{s}]" if s.isdigit() else f".{s}" for s in named[1:])
    return InvalidRequest(f"“{where}”: {text}", param=named[0])


def _first(errors: Any) -> tuple[list[str], str]:
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(errors, Mapping):
        inner = errors.items()
    elif isinstance(errors, list) and errors and not isinstance(errors[0], str):
        inner = enumerate(errors)
    for step, found in inner:
        if found:
            steps, text = _first(found)
            return [str(step), *steps], text
    return [], str(errors[0] if isinstance(errors, list) else errors)
