"""Which types deploy/elasticsearch gives the members of log lines, and what would not fit them."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.live import ROOT

FOLDER = ROOT / "deploy" / "elasticsearch"
_INTEGERS = {"short": 2**15, "integer": 2**31}


def mapping() -> dict[str, Any]:
    template = json.loads((FOLDER / "index-template.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = template["template"]["mappings"]
    return found


def fits(value: object, field: dict[str, Any]) -> bool:
    """Whether Elasticsearch would take the value, and find all of it."""
    kind = field["type"]
    if value is None:
        return True
    if kind == "date":
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    if kind in _INTEGERS:
        return type(value) is int and -_INTEGERS[kind] <= value < _INTEGERS[kind]
    if kind == "float":
        return type(value) in (int, float)
    if kind == "keyword":
        return isinstance(value, str) and len(value) <= field.get("ignore_above", 1024)
    return kind == "match_only_text" and isinstance(value, str)


def unfit_members(lines: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """Members of these log lines that the mapping does not know or would refuse, with their values."""
    fields = mapping()["properties"]
    # What the pipeline makes of a line's time.
    known = {**fields, "at": fields["@timestamp"]}
    return {
        (name, str(value))
        for line in lines
        for name, value in line.items()
        if name not in known or not fits(value, known[name])
    }
