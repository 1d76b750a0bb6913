"""Search in one tenant with many chunks, without the query's embedding."""

import time
from typing import Any

import numpy as np

from bench.figures import spread_ms
from bench.workspaces import Words, make_workspace
from core.ids import new_id
from knowledge import chunking, index
from knowledge.chunking import Block
from knowledge.models import Document
from knowledge.services import uploads_source
from tenants.context import tenant_context

DIMENSIONS = 384
_PER_DOCUMENT = 500


def measure(*, full: bool) -> dict[str, Any]:
    wanted = 100_000 if full else 20_000
    workspace, words, random = make_workspace(), Words(seed=3), np.random.default_rng(3)
    started = time.perf_counter()
    with tenant_context(workspace.tenant.id):
        chunks = _fill(words, random, wanted)
    filled = time.perf_counter() - started
    with tenant_context(workspace.tenant.id):
        times = [_search(words, random) for _ in range(300)][50:]
    return {
        "chunks": chunks,
        "fill_s": round(filled, 1),
        "search": spread_ms(times),
    }


def _unit(random: np.random.Generator, count: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
    vectors = random.standard_normal((count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _fill(words: Words, random: np.random.Generator, wanted: int) -> int:
    done, source = 0, uploads_source()
    while done < wanted:
        text = words.paragraphs(_PER_DOCUMENT // 2)
        chunks = chunking.split(text, [Block(0, len(text))])[: wanted - done]
        document = Document.objects.create(
            source=source, filename="b.txt", title="b", content_hash=new_id().hex, size=len(text),
            path=new_id().hex,
        )  # fmt: skip
        index.publish(
            document_id=document.pk,
            source_id=source.pk,
            model="bench",
            chunks=chunks,
            own_vectors=_unit(random, len(chunks)),
        )
        done += len(chunks)
    return done


def _search(words: Words, random: np.random.Generator) -> float:
    question = "what about " + " ".join(words.some(7))
    vector = _unit(random, 1)[0]
    started = time.perf_counter()
    index.search(question=question, vector=vector, model="bench", characters=4000)
    return time.perf_counter() - started
