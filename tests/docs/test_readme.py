"""The snippets of README and of the API's quickstart, word for word, against running processes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.live import ROOT, Process

_SNIPPET = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = _SNIPPET.findall(README)
QUICKSTART = _SNIPPET.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
ANSWER = "The access code of the Zorblatt depot is 48213."


def run_demo(port: int) -> str:
    """`manage.py demo` against the running web; what it prints."""
    return subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={
            **os.environ,
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, web: Process, worker: Process) -> Path:
    """A folder with the `.venv` and the `var/demo.json` that `make run` leaves."""
    folder = tmp_path_factory.mktemp("checkout")
    run_demo(web.port)
    (folder / "var").symlink_to(os.environ["VAR_DIR"])
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(checkout: Path, *command: str) -> str:
    """What it prints. Loopback only: a proxy of the machine is not asked."""
    done = subprocess.run(
        command,
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(checkout), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_the_shell_snippets_work_one_after_the_other(checkout: Path) -> None:
    snippets = [text for language, text in SNIPPETS if language == "sh"]
    said = run(checkout, "bash", "-euc", "\necho; echo ----\n".join(snippets)).split("----\n")
    _, uploaded, asked, events = said
    document_id = json.loads(uploaded.strip())["id"]
    answer = json.loads(asked)
    assert ANSWER in answer["choices"][0]["message"]["content"]
    assert answer["citations"][0]["document_id"] == document_id
    assert answer["citations"][0]["quote"] == ANSWER
    assert "event: turn.completed" in events
    assert "event: turn.citation" in events


def test_the_python_snippet_streams_an_answer_with_its_citations(checkout: Path) -> None:
    (snippet,) = (text for language, text in SNIPPETS if language == "python")
    said = run(checkout, ".venv/bin/python", "-c", snippet)
    assert "15 minutes" in said
    assert re.search(r"\n\[\d\] ", said)


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_the_quickstart_of_the_api_works_as_it_is_written(checkout: Path) -> None:
    shell = [text for language, text in QUICKSTART if language == "sh"]
    said = run(checkout, "bash", "-euc", "\necho; echo ----\n".join(shell)).split("----\n")
    _, made, uploaded, events, read = said
    chatbot_id, document = made.strip(), json.loads(uploaded)
    assert "opens at 05:40." in events
    assert f'"document_id":"{document["id"]}"' in events
    found, usage = (json.loads(line) for line in read.strip().splitlines())
    [conversation] = found["data"]
    assert (conversation["chatbot_id"], conversation["answered"]) == (chatbot_id, True)
    assert usage["messages_used"] >= 1
    (snippet,) = (text for language, text in QUICKSTART if language == "python")
    printed = run(checkout, ".venv/bin/python", "-c", snippet)
    assert "When does the gate of the Quibblewick depot open?" in printed
    assert "  assistant: “The gate of the Quibblewick depot" in printed
    assert "] Gate hours" in printed
    assert printed.splitlines()[-1] == "204"


def test_a_demo_whose_chatbot_was_deleted_gets_another(checkout: Path, web: Process) -> None:
    before = json.loads((checkout / "var" / "demo.json").read_text(encoding="utf-8"))
    http = httpx.Client(
        base_url=f"{web.url}/v1",
        headers={"Authorization": f"Bearer {before['secret_key']}"},
        trust_env=False,
    )
    for chatbot in http.get("/chatbots").json()["data"]:
        assert http.delete(f"/chatbots/{chatbot['id']}").status_code == 204
    assert "Question: " in run_demo(web.port)
    after = json.loads((checkout / "var" / "demo.json").read_text(encoding="utf-8"))
    [chatbot] = http.get("/chatbots").json()["data"]
    assert after["chatbot_id"] == chatbot["id"] != before["chatbot_id"]
    assert after["secret_key"] == before["secret_key"]


@pytest.mark.usefixtures("worker")
def test_what_make_run_is_said_to_print_is_what_it_prints(web: Process) -> None:
    shown = re.search(r"^```text\nBringing.*?^Running", README, re.DOTALL | re.MULTILINE)
    assert shown is not None
    shown_answer = shown[0].removesuffix("Running").partition("Question: ")[2]
    answer = run_demo(web.port).partition("Question: ")[2]
    assert without_addresses(answer) == without_addresses(shown_answer)


def without_addresses(text: str) -> list[str]:
    lines = re.sub(r":\d{4,5}\b|/\S+/demo\.json|[0-9a-f-]{36}", "…", text).splitlines()
    return [line.rstrip() for line in lines if line.strip()]


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http") and not leads_somewhere(page, target):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    found = page.parent / name if name else page
    if not found.is_file() or ROOT not in found.resolve().parents:
        return False
    return not anchor or anchor in anchors(found)


def anchors(page: Path) -> set[str]:
    """As they are made from headings: lower case, without signs, dashes for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_documents_name_no_path_outside_the_repository() -> None:
    allowed = (
        "/home/you/",
        "/var/lib/chatbot",
        "/etc/nginx/tls",
        "/run/secrets",
        "/path/to/",
        "/etc/passwd",
    )
    absolute = re.compile(r"(?<![\w.:/…}])/(?:work|tmp|home|root|usr|opt|srv|mnt|var|run|etc)/\S*")
    stray = [
        f"{page.name}: {found}"
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for found in absolute.findall(page.read_text(encoding="utf-8"))
        if not found.startswith(allowed)
    ]
    assert stray == []
