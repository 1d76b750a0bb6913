"""Which web pages may use a chatbot: exact scheme, host and port. Pure."""

import re
from collections.abc import Iterable

_ORIGIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?",
    re.IGNORECASE | re.ASCII,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


def parse_origin(raw: str) -> Origin | None:
    """(scheme, host, port) of `scheme://host[:port]`; None for anything else, like `null`."""
    match = _ORIGIN.fullmatch(raw)
    if match is None:
        return None
    scheme = match[1].lower()
    port = int(match[3]) if match[3] else _DEFAULT_PORTS[scheme]
    # Browsers write the origin in lower case and leave the usual port out; people do not.
    return (scheme, match[2].lower(), port) if port <= 65_535 else None


def is_allowed(raw: str | None, allowed: Iterable[str]) -> bool:
    """Whether a page of this Origin may use a chatbot with this list. No Origin is no permission."""
    origin = parse_origin(raw) if raw is not None else None
    # Compared in parts and whole: a look for a beginning would let shop.example.evil.org in.
    return origin is not None and any(parse_origin(entry) == origin for entry in allowed)
