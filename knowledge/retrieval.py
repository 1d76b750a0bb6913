"""A question → the passages that may answer it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from knowledge import index
from knowledge.embeddings.registry import get_embedder
from knowledge.passages import Passage, build_passages
from tenants.context import in_tenant

BUDGET = 4_000
# A question is a sentence or a few: what lies beyond is not searched for.
MAX_QUESTION = 2_000


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds."""

    embedding: float
    search: float


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages, best first."""

    passages: list[Passage]
    timings: Timings


async def retrieve(
    tenant_id: UUID,
    query: str,
    *,
    budget: int = BUDGET,
    source_ids: Sequence[UUID] | None = None,
) -> Retrieval:
    """Passages of together at most `budget` characters, of these sources or of all.

    Raises EmbeddingError when the embedding service fails.
    """
    query = query[:MAX_QUESTION]
    began = time.perf_counter()
    embedder = get_embedder()
    # Outside of the database step, which holds a connection while it runs.
    vector = await embedder.embed_query(query, tenant_id=tenant_id)
    embedded = time.perf_counter()
    found = await in_tenant(
        tenant_id,
        index.search,
        question=query,
        vector=vector,
        model=embedder.name,
        # More than fit, so that a long one in the way does not leave the end unused.
        characters=budget * 5 // 4,
        source_ids=source_ids,
    )
    passages = build_passages(found, budget)
    searched = time.perf_counter()
    timings = Timings((embedded - began) * 1_000, (searched - embedded) * 1_000)
    return Retrieval(passages, timings)


__all__ = ["Passage", "Retrieval", "Timings", "retrieve"]
