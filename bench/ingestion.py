"""Pages per second of a text PDF, from the request to searchable, against the embedder alone."""

import time
from typing import Any

import httpx

from bench.stack import Stack
from bench.workspaces import english, make_workspace
from chatbot_saas.demo.handouts import make_pdf
from knowledge.embeddings.registry import get_embedder
from knowledge.models import Chunk, Document
from tenants.context import tenant_context


def measure(stack: Stack, *, full: bool) -> dict[str, Any]:
    workspace = make_workspace()
    pdf = make_pdf(english(seed=2, paragraphs=2400 if full else 600))
    with httpx.Client(
        base_url=stack.url,
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        trust_env=False,
        timeout=60,
    ) as http:
        started = time.perf_counter()
        reply = http.post("/v1/documents", files={"file": ("handbook.pdf", pdf)})
        document_id = reply.raise_for_status().json()["id"]
        while http.get(f"/v1/documents/{document_id}").json()["status"] not in ("ready", "failed"):
            time.sleep(0.1)
        seconds = time.perf_counter() - started
    with tenant_context(workspace.tenant.id):
        pages = Document.objects.get(pk=document_id).pages_total
        texts = list(Chunk.objects.values_list("text", flat=True))
    alone = _embedder_alone(texts)
    return {
        "pages": pages,
        "chunks": len(texts),
        "seconds": round(seconds, 2),
        "pages_per_s": round(pages / seconds, 1),
        "chunks_per_s": round(len(texts) / seconds, 1),
        "embedder_alone_chunks_per_s": round(len(texts) / alone, 1),
        "share_of_embedder_alone": round(alone / seconds, 2),
    }


def _embedder_alone(texts: list[str]) -> float:
    embedder = get_embedder()
    embedder.embed(texts[:8])
    started = time.perf_counter()
    embedder.embed(texts)
    return time.perf_counter() - started
