"""The retrieval recipe, held to its measured recall by the command that measures it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tenants.context import platform_context
from tenants.models import Tenant
from tests.live import ROOT

DATA = Path(__file__).parent / "data" / "recall"


def evaluate(documents: Path, questions: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "manage.py", "evaluate_retrieval", "--json", "--budget", "4000"),
            *("--documents", str(documents), "--questions", str(questions)),
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


def test_recall_is_what_was_measured() -> None:
    done = evaluate(DATA, DATA / "questions.jsonl")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["overall"]["questions"] == 220
    recalls = {name: row["recall"]["4000"] for name, row in result["documents"].items()}
    assert recalls["state_of_the_union.md"] >= 0.96
    assert recalls["wikitexts.md"] >= 0.92
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
