"""The retrieval recipe, held to a recall by the command that measures it, on the product's own pages."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenants.context import platform_context
from tenants.models import Tenant
from tests.live import ROOT

# A question in other words than the page's, the page, and where in it the answer begins and ends.
QUESTIONS = [
    (
        "Why may a database context not be kept while a coroutine waits?",
        "architecture.md",
        "A context held across",
        "from another tenant.",
    ),
    (
        "What does PostgreSQL answer when a statement names a foreign schema?",
        "architecture.md",
        "SQL that names another schema is refused",
        "42501.",
    ),
    (
        "How is a new company's schema made?",
        "architecture.md",
        "**A new tenant is a replay of a dumped template**",
        "leaves neither role nor schema.",
    ),
    (
        "Does closing the browser end the answer?",
        "architecture.md",
        "The turn is a task of its own",
        "from any process.",
    ),
    (
        "Which model is refused because nobody set what it costs?",
        "architecture.md",
        "A model without a price is refused",
        "unpriced.",
    ),
    (
        "What happens to rate limits when Redis cannot be reached?",
        "architecture.md",
        "Rates are counted in Redis and fail open",
        "does not.",
    ),
    (
        "Under which account do the servers run when root starts the product?",
        "running.md",
        "When root starts it, the embedded servers run as",
        "as root.",
    ),
]


def evaluate(documents: Path, questions: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "manage.py", "evaluate_retrieval", "--json", "--budget", "1500"),
            *("4000", "--documents", str(documents), "--questions", str(questions)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def scratch_tenants() -> int:
    with platform_context():
        return len(Tenant.objects.filter(slug__startswith="evaluation-"))


# The pages with the answers, and as many without one.
PAGES = ["architecture.md", "running.md", "operations.md", "metering.md"]


def written(folder: Path) -> Path:
    """The pages, and the questions with the offsets that the answers have today."""
    for page in PAGES:
        shutil.copy(ROOT / "docs" / page, folder)
    lines = []
    for question, page_name, first, last in QUESTIONS:
        text = (folder / page_name).read_text(encoding="utf-8")
        start = text.index(first)
        end = text.index(last, start) + len(last)
        references = [{"start": start, "end": end}]
        lines.append({"question": question, "document": page_name, "references": references})
    path = folder / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_answers_in_our_own_pages_are_found(tmp_path: Path) -> None:
    done = evaluate(tmp_path, written(tmp_path))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert set(result) == {"overall", "documents"}
    assert result["overall"]["questions"] == len(QUESTIONS)
    assert result["overall"]["recall"]["4000"] >= 0.95
    assert 0.5 <= result["overall"]["recall"]["1500"] <= result["overall"]["recall"]["4000"]
    assert scratch_tenants() == 0


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ('{"question":"?","document":"b.md","references":[{"start":0,"end":3}]}', "has no b.md"),
        ('{"question":"?","document":"a.pdf","references":[{"start":0,"end":3}]}', "damaged"),
        ("nonsense", "line 1"),
        ("", "has no questions"),
    ],
)
def test_what_cannot_be_measured_is_said_and_leaves_no_tenant(
    tmp_path: Path, question: str, complaint: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "q.jsonl").write_text(question)
    done = evaluate(tmp_path, tmp_path / "q.jsonl")
    assert done.returncode != 0
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert scratch_tenants() == 0
