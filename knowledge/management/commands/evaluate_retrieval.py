"""Measures retrieval on a folder of documents and questions about them."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.catalog.services import subscribe
from knowledge import evaluation, selectors, services, storage
from knowledge.evaluation import Question, Range, Retrieved
from knowledge.ingestion import ingest
from knowledge.retrieval import retrieve
from tenants.context import tenant_context
from tenants.schemas.provisioning import create_tenant, drop_tenant


@contextmanager
def scratch_tenant() -> Iterator[UUID]:
    """A tenant that is gone afterwards, whatever happens (`kill` included, `kill -9` not)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tenant = create_tenant(slug=f"evaluation-{uuid4().hex[:12]}", name="Evaluation")
    try:
        subscribe(tenant_id=tenant.id, plan="internal")
        yield tenant.id
    finally:
        drop_tenant(tenant.id)
        storage.remove_tenant_files(tenant.id)


def ingest_folder(tenant_id: UUID, files: Sequence[Path]) -> Iterator[tuple[UUID, str]]:
    """Ingests here and now, without a worker. Yields (document id, file name)."""
    for path in files:
        with tenant_context(tenant_id):
            document, _ = services.create_document(
                filename=path.name, content=path.read_bytes(), queued=False
            )
            ingest(document.id, document.version, heartbeat=lambda: None)
            failure = selectors.get_document(document.id).error
        if failure:
            raise CommandError(f"{path.name}: {failure}")
        yield document.id, path.name


class Command(BaseCommand):
    help = "Ingests a folder into a scratch workspace and measures recall of reference text."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--documents", type=Path, required=True, help="folder to ingest")
        parser.add_argument("--questions", type=Path, required=True, help="JSON lines")
        parser.add_argument("--budget", type=int, nargs="+", default=[4_000, 8_000])
        parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        questions = self._questions(options["questions"])
        files = self._files(options["documents"], questions)
        with scratch_tenant() as tenant_id:
            names = {}
            for document_id, name in ingest_folder(tenant_id, files):
                names[document_id] = name
                self.stderr.write(f"ingested {name}")
            scores = asyncio.run(_score(tenant_id, questions, options["budget"], names))
        result = evaluation.summarize(scores)
        self.stdout.write(json.dumps(result) if options["json"] else _table(result))

    def _questions(self, path: Path) -> list[Question]:
        try:
            with path.open(encoding="utf-8") as lines:
                questions = evaluation.read_questions(lines)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        if not questions:
            raise CommandError(f"{path} has no questions.")
        return questions

    def _files(self, folder: Path, questions: Sequence[Question]) -> list[Path]:
        """Every file of a kind that can be read: a folder may hold its licence and questions."""
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        asked = {question.document for question in questions}
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        missing = asked - {path.name for path in files}
        if missing:
            raise CommandError(f"{folder} has no {', '.join(sorted(missing))}.")
        readable = {".pdf", ".docx", ".html", ".htm", ".md", ".txt"}
        return [path for path in files if path.name in asked or path.suffix.lower() in readable]


async def _score(
    tenant_id: UUID, questions: Sequence[Question], budgets: Sequence[int], names: dict[UUID, str]
) -> list[tuple[Question, dict[int, float]]]:
    return [
        (
            question,
            {budget: await _recall(tenant_id, question, budget, names) for budget in budgets},
        )
        for question in questions
    ]


async def _recall(
    tenant_id: UUID, question: Question, budget: int, names: dict[UUID, str]
) -> float:
    found = await retrieve(tenant_id, question.text, budget=budget)
    passages = [
        Retrieved(names[passage.document_id], Range(passage.start, passage.end))
        for passage in found.passages
    ]
    return evaluation.recall(question, passages, budget)


def _table(result: dict[str, Any]) -> str:
    rows = {"all documents": result["overall"], **result["documents"]}
    lines = []
    for name, row in rows.items():
        recalls = "  ".join(f"@{budget} {value:.3f}" for budget, value in row["recall"].items())
        lines.append(f"{name:<32} {recalls}  ({row['questions']} questions)")
    return "\n".join(lines)
