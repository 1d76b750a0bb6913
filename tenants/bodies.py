"""JSON bodies of requests, read into structs."""

from typing import TypeVar

import msgspec
from django.http import HttpRequest

from core.errors import InvalidRequest

T = TypeVar("T")


def read_body(request: HttpRequest, kind: type[T]) -> T:
    """The JSON body as a struct. Raises `InvalidRequest` that says what does not fit."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            f"The body does not fit: {error}.", param=_field(str(error))
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest("The body must be JSON.") from error


def _field(message: str) -> str | None:
    """The top-level field in msgspec's ``… - at `$.field…` ``."""
    path = message.rpartition("`$.")[2].rstrip("`") if "`$." in message else ""
    return path.partition(".")[0].partition("[")[0] or None
