"""What the streams' callers send, as structs: the refusal says which field does not fit."""

import re
from typing import TypeVar

import msgspec
from django.http import HttpRequest

from core.errors import InvalidRequest

T = TypeVar("T")
_NAMED = re.compile(r"(?:unknown|required) field `([^`]{1,100})`")


def read_body(request: HttpRequest, kind: type[T]) -> T:
    """The JSON body. Raises `InvalidRequest` whose `param` is the top-level field that is wrong."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest("The body must be JSON.") from error


def _misfit(error: msgspec.ValidationError) -> InvalidRequest:
    return InvalidRequest(f"The body does not fit: {error}.", param=_field(str(error)))


def _field(message: str) -> str | None:
    """The top-level field in msgspec's ``… - at `$.field…` ``, or the one it misses or does not know."""
    path = message.rpartition("`$.")[2].rstrip("`") if "`$." in message else ""
    if path:
        return path.partition(".")[0].partition("[")[0] or None
    named = _NAMED.search(message)
    return named[1] if named else None
