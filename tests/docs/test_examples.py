"""The reference's examples, each language's, run against a live server as they stand on the page."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot_saas.api.guide.codes import CODES
from chatbot_saas.api.schema import description
from conversations.chatbots.onboarding import Workspace
from conversations.turns import failures
from tests.conversations.pictures import png
from tests.docs.test_pages import error_codes
from tests.live import Process

RUNNERS = {
    "curl": ["/bin/sh", "-c"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}
CHECKERS = {
    "curl": ["/bin/sh", "-n", "-c"],
    "python": [sys.executable, "-c", "import sys; compile(sys.argv[1], 'example', 'exec')"],
    "javascript": ["node", "--input-type=module", "--check"],
}
# Operation, and a word that its answer holds.
RUN = {
    "list_models": "list",
    "read_model": "model",
    "create_chat_completion": "chat.completion",
    "create_embeddings": "embedding",
    "create_turn": "turn.completed",
    "list_chatbots": "Assistant",
    "create_chatbot": "Helper",
    "update_chatbot": "Helper",
    "create_document": "handbook.md",
    "list_documents": "handbook.md",
    "set_avatar": "",
    "read_avatar": "",
    "create_identity_secret": "cb_is_live_",
    "list_identity_secrets": "hint",
    "list_conversations": "first_question",
    "read_usage": "messages",
    "set_budget": "25.00",
    "read_budget": "25.00",
    "create_key": "cb_sk_live_",
}


def needed(language: str) -> str:
    program = "curl" if language == "curl" else RUNNERS[language][0]
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    return program


@pytest.fixture(scope="module")
def shown(web: Process) -> str:
    return httpx.get(f"{web.url}/docs/api", trust_env=False).text


def on_the_page(shown: str, operation: str, language: str) -> str:
    found = shown.partition(f'<pre id="{operation}-{language}"')[2].partition(">")[2]
    return unescape(found.partition("</pre>")[0])


@pytest.mark.parametrize("language", RUNNERS)
def test_the_examples_do_what_they_say(
    web: Process, workspace: Workspace, shown: str, language: str, tmp_path: Path
) -> None:
    needed(language)
    (tmp_path / "handbook.md").write_text("# Depot\n\nIt opens at six.\n", encoding="utf-8")
    (tmp_path / "avatar.png").write_bytes(png())
    environment = {
        "PATH": os.environ["PATH"],
        "BASE_URL": web.url,
        "API_KEY": workspace.secret_key,
        "CHATBOT_ID": str(workspace.chatbot_id),
        "EMBEDDING_MODEL": "all-MiniLM-L6-v2",
    }
    for operation, word in RUN.items():
        code = on_the_page(shown, operation, language)
        done = subprocess.run(
            [*RUNNERS[language], code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (operation, done.stderr)
        assert word in done.stdout, (operation, done.stdout)
    assert (tmp_path / "picture.png").read_bytes() == png()


def operations() -> Iterator[dict[str, Any]]:
    return (one for methods in description()["paths"].values() for one in methods.values())


@pytest.mark.parametrize("language", RUNNERS)
def test_every_operation_has_an_example_that_its_language_can_read(
    shown: str, language: str
) -> None:
    needed(language)
    for operation in operations():
        code = on_the_page(shown, operation["operationId"], language)
        assert "BASE_URL" in code, operation["operationId"]
        piped = language == "javascript"
        command = CHECKERS[language] if piped else [*CHECKERS[language], code]
        done = subprocess.run(
            command, input=code if piped else "", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (operation["operationId"], done.stderr)


def test_a_body_of_an_example_is_json_with_every_member_that_must_be_given(shown: str) -> None:
    schemas = description()["components"]["schemas"]
    for operation in operations():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        code = on_the_page(shown, operation["operationId"], "curl")
        # A variable stands outside of the shell's single quotes.
        text = re.sub(r"'\"(\$\w+)\"'", r"\1", code.partition("-d '")[2].rpartition("'")[0])
        sent = json.loads(text)
        schema = schemas[body["schema"]["$ref"].rpartition("/")[2]]
        assert set(schema.get("required", ())) <= sent.keys() <= schema["properties"].keys()
        assert sent


def test_every_code_has_something_to_do(shown: str) -> None:
    assert {one.code for one in CODES if one.status} == error_codes()
    assert {one.code for one in CODES if not one.status} == (
        set(failures._MESSAGES) - error_codes()
    )
    assert all(f"<code>{one.code}</code>" in shown for one in CODES)
