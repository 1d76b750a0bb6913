"""A worker that is killed loses seconds, not documents."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from knowledge import services
from knowledge.ingestion import ingest
from knowledge.models import Chunk, Document, RawVector
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tenants.work.tickets import enqueue
from tests.eventually import eventually
from tests.live import ROOT

SECONDS = 30.0
TEXT = "\n\n".join(
    f"Paragraph {n} says that part {n * 7919 % 1000} is kept in shelf {n * 31 % 97}. " * 4
    for n in range(300)
)


@contextmanager
def worker(kind: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.lonely_worker", kind],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_embedding(document_id: UUID, vectors: int) -> None:
    kept = RawVector.objects.filter(document_id=document_id)
    eventually(lambda: kept.count() >= vectors, within=SECONDS)


def wait_until_ready(document_id: UUID) -> None:
    def is_ready() -> bool:
        status = Document.objects.get(pk=document_id).status
        assert status != "failed"
        return status == "ready"

    eventually(is_ready, within=SECONDS)


def vectors(document_id: UUID) -> dict[bytes, int]:
    """Row of each vector, by text hash: a vector made again would have another row."""
    rows = RawVector.objects.filter(document_id=document_id)
    return {bytes(digest): pk for digest, pk in rows.values_list("text_hash", "pk")}


def chunks(document_id: UUID) -> list[tuple[object, ...]]:
    found = Chunk.objects.filter(document_id=document_id).order_by("ordinal")
    return list(found.values_list("ordinal", "start", "end", "text", "gap", "tsv"))


def test_a_document_survives_kill_9_and_nothing_is_embedded_twice(tenant: TenantRef) -> None:
    kind = f"ingest_{uuid4().hex[:8]}"
    with tenant_context(tenant.id):
        document, _ = services.create_document(filename="a.md", content=TEXT.encode(), queued=False)
        enqueue(kind, {"document_id": str(document.id), "version": 1})
        with worker(kind) as doomed:
            wait_until_embedding(document.id, 64)
            doomed.kill()
            doomed.wait()
        half = vectors(document.id)
        assert Document.objects.get(pk=document.id).status == "processing"
        assert chunks(document.id) == []
        # What half a minute without a sign of life does.
        with platform_context():
            running = WorkTicket.objects.filter(kind=kind, status="running")
            assert running.update(lease_until="2020-01-01T00:00:00Z") == 1
        with worker(kind):
            wait_until_ready(document.id)
        assert half.items() <= vectors(document.id).items()
        calm, _ = services.create_document(
            filename="a.md", content=TEXT.encode() + b"\n", queued=False
        )
        ingest(calm.id, 1, heartbeat=lambda: None)
        assert chunks(document.id) == chunks(calm.id) != []
