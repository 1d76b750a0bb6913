"""Gives the demo workspace the product's own documents and waits until they can be asked."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError

from chatbot_saas.demo.handouts import make_docx, make_pdf
from knowledge.models import Document
from knowledge.services import create_document, replace_document
from tenants.context import tenant_context

PATIENCE = 180.0
POLL = 0.1
# The file that is also handed in as each kind; if it is gone, the first one is.
HANDOUTS: tuple[tuple[str, Callable[[str], bytes], str], ...] = (
    (".pdf", make_pdf, "architecture.md"),
    (".docx", make_docx, "metering.md"),
)


@dataclass(frozen=True)
class IngestionStatus:
    """How far the workspace's documents are."""

    ready: int
    total: int
    failed: list[str]


def hand_in(tenant_id: UUID) -> int:
    """Create or replace whatever changed since the last start; the number of documents."""
    count = 0
    for filename, content in own_documents():
        _hand_in(tenant_id, filename, content)
        count += 1
    return count


def wait_until_ready(tenant_id: UUID, report: Callable[[IngestionStatus], None]) -> IngestionStatus:
    """Until no document is being worked on; `report` is called at every look."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status = read_status(tenant_id)
        report(status)
        if status.ready + len(status.failed) == status.total:
            return status
        if time.monotonic() > deadline:
            raise CommandError(
                f"Only {status.ready} of {status.total} documents were read in "
                f"{PATIENCE:.0f} s: see {settings.VAR_DIR}/log/worker.log."
            )
        time.sleep(POLL)


def read_status(tenant_id: UUID) -> IngestionStatus:
    with tenant_context(tenant_id):
        rows = list(Document.objects.values_list("status", "filename", "error"))
    return IngestionStatus(
        ready=sum(status == Document.Status.READY for status, _, _ in rows),
        total=len(rows),
        failed=[f"{name}: {why}" for status, name, why in rows if status == Document.Status.FAILED],
    )


def own_documents() -> Iterator[tuple[str, bytes]]:
    """(filename, content) of the product's Markdown, and of a PDF and a DOCX made from it."""
    root = Path(settings.BASE_DIR)
    # Without README.md: it shows questions, and would be found for them before what answers them.
    files = sorted((root / "docs").glob("*.md"))
    if not files:
        raise CommandError(f"There are no documents in {root / 'docs'} for the demo to read.")
    for path in files:
        yield path.name, path.read_bytes()
    by_name = {path.name: path for path in files}
    for suffix, make, wanted in HANDOUTS:
        source = by_name.get(wanted, files[0])
        yield source.stem + suffix, _handout(source, suffix, make)


def _handout(source: Path, suffix: str, make: Callable[[str], bytes]) -> bytes:
    """Made once for each text: a file made again has other bytes (its date), hence is another."""
    text = source.read_text(encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = Path(settings.VAR_DIR) / "demo" / f"{source.stem}-{digest}{suffix}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(make(text))
        partial.replace(kept)
    return kept.read_bytes()


def _hand_in(tenant_id: UUID, filename: str, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    with tenant_context(tenant_id):
        known = Document.objects.filter(filename=filename).order_by("-created_at").first()
        if known is None:
            create_document(filename=filename, content=content)
        elif known.content_hash != digest:
            replace_document(document_id=known.pk, content=content)
