"""What a change looks like in the trail: before and after, as short texts. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

# Of a long text, what stands around its first difference; instructions may have 8,000 characters.
MAX_LENGTH = 300
_LEAD = 40
Changes = dict[str, list[str]]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """`[before, after]` of what differs, by name. What is in one of them alone was, or is, empty.

    >>> compare({"role": "agent", "name": "A"}, {"role": "admin", "name": "A"})
    {'role': ['agent', 'admin']}
    """
    names = dict.fromkeys([*before, *after])
    told = {name: (_text(before.get(name)), _text(after.get(name))) for name in names}
    return {name: _excerpts(*pair) for name, pair in told.items() if pair[0] != pair[1]}


def given(**values: Any) -> Changes:
    """What something new was made with."""
    return compare({}, values)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(each) for each in value)
    return str(value)


def _excerpts(before: str, after: str) -> list[str]:
    if max(len(before), len(after)) <= MAX_LENGTH:
        return [before, after]
    pairs = enumerate(zip(before, after, strict=False))
    # Where one is the beginning of the other, they differ where it ends.
    first = next((at for at, (a, b) in pairs if a != b), min(len(before), len(after)))
    start = max(0, first - _LEAD)
    return [_excerpt(before, start), _excerpt(after, start)]


def _excerpt(text: str, start: int) -> str:
    shown = text[start : start + MAX_LENGTH]
    head, tail = "…" if start and shown else "", "…" if len(text) > start + MAX_LENGTH else ""
    return f"{head}{shown}{tail}"
