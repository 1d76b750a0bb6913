"""`python -m bench.answers [--failures] [WORKSPACE …]`: grades of both parts, and CPU a question.

`--failures` prints what went wrong in the part that may be tuned on, never in the other one.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import figures
from bench.answers.grading import count, read_questions
from bench.stack import ROOT
from chatbot_saas import embedded

if TYPE_CHECKING:
    from bench.answers.asking import Answered

FOLDER = Path(__file__).resolve().parent
VAR_DIR = ROOT / "var" / "answers"
PARTS = ("tuning", "reported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", action="store_true", help="of the tuning part, in full")
    parser.add_argument("workspaces", nargs="*", metavar="WORKSPACE")
    options = parser.parse_args()
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "LLM_BASE_URL"):
        os.environ.pop(name, None)
    os.environ |= {"VAR_DIR": str(VAR_DIR), "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"}
    with embedded.servers(embedded.layout(VAR_DIR, durable=False)):
        subprocess.run(
            [sys.executable, "manage.py", "migrate_tenants"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        answered = {part: ask(FOLDER / part, options.workspaces) for part in PARTS}
    if options.failures:
        show_failures(answered["tuning"])
    result = {part: summarise(each) for part, each in answered.items() if each}
    path = VAR_DIR / "result.json"
    figures.save(result, path)
    figures.show(result)
    print(f"saved: {path}")


def ask(part: Path, workspaces: Sequence[str]) -> "list[Answered]":
    """All questions of a part, or those about some of its workspaces."""
    import django

    django.setup()
    # Imported here: it needs Django set up, with the servers of this run.
    from bench.answers.asking import ask_all

    found = []
    for folder in sorted(path for path in part.iterdir() if path.is_dir()):
        if not workspaces or folder.name in workspaces:
            with (folder / "questions.jsonl").open(encoding="utf-8") as lines:
                questions = read_questions(lines)
            found += ask_all(folder, questions)
    return found


def summarise(answered: "Sequence[Answered]") -> dict[str, Any]:
    kinds = defaultdict(list)
    for each in answered:
        kinds[each.question.kind].append(each)
    return {
        **count(each.grade for each in answered),
        "cpu_ms_median": round(statistics.median(each.cpu_ms for each in answered), 1),
        "cpu_ms_mean": round(statistics.fmean(each.cpu_ms for each in answered), 1),
        "good_of_kind": {kind: _good(each) for kind, each in sorted(kinds.items())},
    }


def _good(answered: "Sequence[Answered]") -> str:
    good = sum(each.grade in ("right", "rightly unknown") for each in answered)
    wrong = sum(each.grade == "wrong" for each in answered)
    return f"{good} of {len(answered)}" + (f", {wrong} wrong" if wrong else "")


def show_failures(answered: "Sequence[Answered]") -> None:
    for each in answered:
        if each.grade in ("useless", "wrong"):
            before = "".join(f"({text}) " for text in each.question.earlier)
            print(f"{each.grade:<8} {each.workspace}: {before}{each.question.text!r}")
            print(f"         {each.answer!r}")


if __name__ == "__main__":
    main()
