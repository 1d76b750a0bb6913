"""Passages for a turn: what `knowledge` finds, numbered as the answer will cite them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from conversations.llm.base import LLMError, Passage
from knowledge.embeddings.base import EmbeddingError
from knowledge.retrieval import retrieve


async def find_passages(
    tenant_id: UUID, query: str, *, budget: int, source_ids: Sequence[UUID]
) -> tuple[list[Passage], dict[str, Any]]:
    """The passages, best document first, and the trace of how they were found.

    Raises `LLMError` when the embedding service fails: to the visitor it is the same outage.
    """
    try:
        # No sources chosen means all, not none.
        found = await retrieve(tenant_id, query, budget=budget, source_ids=source_ids or None)
    except EmbeddingError as error:
        raise LLMError("provider_unavailable", repr(error), permanent=error.permanent) from error
    passages = [
        Passage(
            n=n,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=passage.page,
            heading=passage.heading_path,
            text=passage.text,
            similarity=passage.similarity,
            coverage=passage.coverage,
        )
        for n, passage in enumerate(found.passages, 1)
    ]
    trace = {
        "query": query,
        "embedding_ms": round(found.timings.embedding, 1),
        "search_ms": round(found.timings.search, 1),
        "passages": [
            {
                "n": n,
                "document_id": str(passage.document_id),
                # As they were, because the document may change or go.
                "title": passage.title,
                "heading": passage.heading_path,
                "page": passage.page,
                "text": passage.text,
                "start": passage.start,
                "end": passage.end,
                "score": round(passage.score, 4),
                "similarity": round(passage.similarity, 3),
                "coverage": round(passage.coverage, 3),
            }
            for n, passage in enumerate(found.passages, 1)
        ],
    }
    return passages, trace
