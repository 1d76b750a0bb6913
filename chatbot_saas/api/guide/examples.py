"""Examples of requests in curl, Python and JavaScript, written from the description of the API.

All of them read their values from the environment: `BASE_URL`, `API_KEY`, and one variable for each id
in a path, as `CHATBOT_ID`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = dict[str, Any]
_JSON, _FORM, _EVENTS = "application/json", "multipart/form-data", "text/event-stream"
# What a member says in an example, by its name; another one gets a value of its type.
_WORDS: Json = {
    "text": "When do you open?",
    "content": "When do you open?",
    "input": "When do you open?",
    "role": "user",
    "client_turn_id": "question-1",
    "name": "Helper",
    "amount": "25.00",
    "scopes": ["usage:read"],
    "email": "robin@example.org",
    "password": "…",
    "refresh": "…",
}
# Where the value is the caller's own, it is read from the environment too.
_OWN = {
    ("create_chat_completion", "model"): "CHATBOT_ID",
    ("create_embeddings", "model"): "EMBEDDING_MODEL",
    ("read_model", "model"): "CHATBOT_ID",
    ("obtain_token", "email"): "EMAIL",
    ("obtain_token", "password"): "PASSWORD",
    ("refresh_token", "refresh"): "REFRESH_TOKEN",
    ("revoke_token", "refresh"): "REFRESH_TOKEN",
}
# A message may go without one, but none that asks.
_ALWAYS = {"content"}
_FILES = {"set_avatar": "avatar.png"}
_FILE = "handbook.md"
# Under which name an answer that is a file is kept.
_KEPT = "picture.png"


class Variable(str):
    """A value in a body that is read from the environment variable of this name."""


class Example(NamedTuple):
    """`language` is for people; `slug` stands in ids."""

    language: str
    slug: str
    code: str


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, as every language writes it. `path` has `{VARIABLE}` in the place of an id."""

    method: str
    path: str
    needs_key: bool
    body: Json | None
    # The name of the file that it sends; empty for none.
    file: str
    streams: bool
    gives_file: bool
    is_empty: bool

    @property
    def variables(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)


def examples(path: str, method: str, operation: Json, components: Json) -> list[Example]:
    """The same request in each language."""
    call = _read(path, method, operation, components)
    return [
        Example("curl", "curl", _curl(call)),
        Example("Python", "python", _python(call)),
        Example("JavaScript", "javascript", _javascript(call)),
    ]


def _read(path: str, method: str, operation: Json, components: Json) -> _Call:
    name = operation["operationId"]
    content = operation.get("requestBody", {}).get("content", {})
    answers = [one for status, one in operation["responses"].items() if status < "400"]
    media = {kind for one in answers for kind in one.get("content", {})}
    body = None
    if _JSON in content:
        body = _object(name, content[_JSON]["schema"], components)
    return _Call(
        method=method.upper(),
        path=re.sub(r"\{(\w+)\}", lambda found: f"{{{_variable(name, found[1])}}}", path),
        needs_key=bool(operation.get("security")),
        body=body,
        file=_FILES.get(name, _FILE) if _FORM in content else "",
        streams=media == {_EVENTS},
        gives_file=any(kind.startswith("image/") for kind in media),
        is_empty=not media,
    )


def _variable(operation: str, parameter: str) -> str:
    return _OWN.get((operation, parameter), parameter.upper())


def _object(operation: str, schema: Json, components: Json) -> Json:
    """The members that must be given; of a body that needs none, the first."""
    whole = _resolved(schema, components)
    members = whole.get("properties", {})
    required = whole.get("required") or list(members)[:1]
    wanted = [*required, *sorted(_ALWAYS & (members.keys() - set(required)))]
    return {name: _value(operation, name, members[name], components) for name in wanted}


def _value(operation: str, name: str, schema: Json, components: Json) -> Any:
    if (operation, name) in _OWN:
        return Variable(_OWN[operation, name])
    if name in _WORDS:
        return _WORDS[name]
    schema = _resolved(schema, components)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_value(operation, name, schema["items"], components)]
    if schema.get("type") == "object":
        return _object(operation, schema, components)
    return {"integer": 1, "number": 1, "boolean": True}.get(schema.get("type", ""), "…")


def _resolved(schema: Json, components: Json) -> Json:
    """What a reference leads to; of several forms, the first that says something."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = components[schema["$ref"].rpartition("/")[2]]
        else:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    return schema


def _curl(call: _Call) -> str:
    path = re.sub(r"\{(\w+)\}", r"$\1", call.path)
    # What curl does by itself, with a body or without.
    usual = "POST" if call.body is not None or call.file else "GET"
    options = ["-N"] if call.streams else []
    options += [] if call.method == usual else [f"-X {call.method}"]
    lines = [" ".join(["curl", *options, f'"$BASE_URL{path}"'])]
    if call.needs_key:
        lines.append('-H "Authorization: Bearer $API_KEY"')
    if call.body is not None:
        lines.append(f'-H "Content-Type: {_JSON}"')
        text = json.dumps(call.body, ensure_ascii=False, indent=2).replace("'", r"'\''")
        for name in _named(call.body):
            text = text.replace(f'"{name}"', f'"\'"${name}"\'"', 1)
        lines.append(f"-d '{text}'")
    if call.file:
        lines.append(f"-F file=@{call.file}")
    if call.gives_file:
        lines.append(f"-o {_KEPT}")
    return " \\\n  ".join(lines)


def _python(call: _Call) -> str:
    lines = ["import os", "", "import httpx", ""]
    headers = ""
    if call.needs_key:
        lines.append('headers = {"Authorization": "Bearer " + os.environ["API_KEY"]}')
        headers = ", headers=headers"
    lines.append(f'url = os.environ["BASE_URL"] + {_python_path(call.path)}')
    sent = ""
    if call.body is not None:
        text = json.dumps(call.body, ensure_ascii=False, indent=4)
        for name in _named(call.body):
            text = text.replace(f'"{name}"', f'os.environ["{name}"]', 1)
        lines.append(f"body = {text}")
        sent = ", json=body"
    if call.file:
        lines.append(f'files = {{"file": open("{call.file}", "rb")}}')
        sent = ", files=files"
    if call.streams:
        lines += [
            f'with httpx.stream("{call.method}", url{headers}{sent}, timeout=60) as answer:',
            "    answer.raise_for_status()",
            "    for line in answer.iter_lines():",
            "        print(line)",
        ]
        return "\n".join(lines)
    lines += [
        f"answer = httpx.{call.method.lower()}(url{headers}{sent}, timeout=60)",
        "answer.raise_for_status()",
        f'open("{_KEPT}", "wb").write(answer.content)'
        if call.gives_file
        else f"print({'answer.status_code' if call.is_empty else 'answer.json()'})",
    ]
    return "\n".join(lines)


def _python_path(path: str) -> str:
    parts = [
        f'os.environ["{part}"]' if n % 2 else f'"{part}"'
        for n, part in enumerate(re.split(r"\{(\w+)\}", path))
        if part
    ]
    return " + ".join(parts)


def _javascript(call: _Call) -> str:
    names = ["BASE_URL", *(["API_KEY"] if call.needs_key else []), *call.variables]
    names += _named(call.body or {})
    lines = [f"const {{ {', '.join(dict.fromkeys(names))} }} = process.env;"]
    headers = ["Authorization: `Bearer ${API_KEY}`"] if call.needs_key else []
    options = [f'method: "{call.method}"'] if call.method != "GET" else []
    if call.body is not None:
        headers.append(f'"Content-Type": "{_JSON}"')
        text = json.dumps(call.body, ensure_ascii=False, indent=2)
        for name in _named(call.body):
            text = text.replace(f'"{name}"', name, 1)
        options.append(f"body: JSON.stringify({text})".replace("\n", "\n  "))
    if call.gives_file:
        lines = ['import { writeFile } from "node:fs/promises";', "", *lines]
    if call.file:
        lines = ['import { readFile } from "node:fs/promises";', "", *lines]
        lines += [
            "const body = new FormData();",
            f'body.append("file", new Blob([await readFile("{call.file}")]), "{call.file}");',
        ]
        options.append("body")
    if headers:
        options.insert(len(options) and 1, f"headers: {{ {', '.join(headers)} }}")
    url = "`${BASE_URL}" + re.sub(r"\{(\w+)\}", r"${\1}", call.path) + "`"
    given = "".join(f"  {option},\n" for option in options)
    lines.append(
        f"const answer = await fetch({url}, {{\n{given}}});"
        if options
        else f"const answer = await fetch({url});"
    )
    lines.append("if (!answer.ok) throw new Error(await answer.text());")
    if call.streams:
        lines.append("for await (const part of answer.body) process.stdout.write(part);")
    elif call.gives_file:
        lines.append(f'await writeFile("{_KEPT}", Buffer.from(await answer.arrayBuffer()));')
    else:
        lines.append(f"console.log({'answer.status' if call.is_empty else 'await answer.json()'});")
    return "\n".join(lines)


def _named(body: Json) -> list[str]:
    """The variables of a body: they stand in its first level."""
    return [value for value in body.values() if isinstance(value, Variable)]
