"""`python jenkinsfile.py FILE`, with .venv-deploy's Python: where it is no Groovy, and its commands.

Prints one JSON object a line: {"line", "fault"} or {"line", "stage", "command"}.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_groovy


def walk(node: Any, stage: str, source: bytes) -> Iterator[dict[str, Any]]:
    def text(part: Any) -> str:
        return source[part.start_byte : part.end_byte].decode()

    if node.is_error or node.is_missing:
        yield {"line": node.start_point[0] + 1, "fault": "this is no Groovy"}
    words = text(node).split(maxsplit=1) if node.type == "juxt_function_call" else []
    if words and words[0] == "sh":
        yield {
            "line": node.start_point[0] + 1,
            "stage": stage,
            "command": words[1].strip()[1:-1] if len(words) > 1 else "",
        }
    if node.type == "method_invocation" and text(node).startswith("stage("):
        stage = text(node).split("'")[1]
    for child in node.children:
        yield from walk(child, stage, source)


def main(path: str) -> None:
    source = Path(path).read_bytes()
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    for found in walk(parser.parse(source).root_node, "", source):
        print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
