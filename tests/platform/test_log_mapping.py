"""deploy/elasticsearch: every member that a log line can have has its type; test_logs has real lines."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.docs.test_pages import first_column, page, product_files, section, strings
from tests.platform.log_mapping import FOLDER, mapping, unfit_members

# Of the pipeline: the line's time, lines that are no JSON, and why one could not be read.
MADE = {"@timestamp", "message", "fault"}


def members_written() -> set[str]:
    """Names that the product adds to log lines by `extra`."""
    return {
        name
        for path in product_files()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for given in extras(function)
        for name in names(given, function)
    }


def extras(function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.keyword) and node.arg == "extra":
            yield node.value


def names(given: ast.expr, function: ast.AST) -> Iterator[str]:
    if isinstance(given, ast.Name):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == given.id:
                yield from names(node.value, function)
    if isinstance(given, ast.Dict):
        for key, value in zip(given.keys, given.values, strict=True):
            yield from strings(key) if key is not None else names(value, function)


def test_every_member_has_a_type_and_is_described() -> None:
    described = first_column(section(page("operations"), "Logs"))
    typed = set(mapping()["properties"]) - MADE
    assert typed == described - {"at"}
    assert members_written() >= {"tenant_id", "turn_id", "ticket_id", "kind", "attempts", "ms"}
    assert members_written() <= typed


def test_a_member_that_nobody_knows_or_of_another_type_is_found() -> None:
    line = {"at": "2026-01-01T00:00:00.000+00:00", "ms": 1.5, "status": 200, "tenant_id": None}
    assert unfit_members([line]) == set()
    wrong: list[dict[str, Any]] = [
        {"ms": "1.5"},
        {"status": 70_000},
        {"question": "?"},
        {"request_id": "x" * 65},
    ]
    assert {name for name, _ in unfit_members(wrong)} == {"ms", "status", "question", "request_id"}
    # What it holds is kept in the line; it makes no field of what anybody may name.
    assert mapping()["dynamic"] is False


def test_the_pipeline_is_the_one_that_the_template_names_and_makes_the_time() -> None:
    template = json.loads((FOLDER / "index-template.json").read_text(encoding="utf-8"))
    pipeline = json.loads((FOLDER / "ingest-pipeline.json").read_text(encoding="utf-8"))
    name = template["template"]["settings"]["index"]["default_pipeline"]
    told = page("operations")
    assert f"/_ingest/pipeline/{name}" in told
    (pattern,) = template["index_patterns"]
    (stream,) = re.findall(r"data stream `([\w-]+)`", told)
    assert re.fullmatch(pattern.replace("*", ".*"), stream)
    steps = [next(iter(step.items())) for step in pipeline["processors"]]
    assert [kind for kind, _ in steps] == ["json", "remove", "date", "remove"]
    touched = {step["field"] for _, step in steps} | {steps[2][1]["target_field"]}
    failed = {next(iter(step.values()))["field"] for step in pipeline["on_failure"]}
    assert touched | failed == MADE | {"at"}
