"""Passages for a turn: what `knowledge` finds, numbered as the answer will cite them."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from conversations.llm.base import LLMError, Passage
from conversations.text.concepts import words_sought
from conversations.turns.prompts import fit_passages
from knowledge.embeddings.base import EmbeddingError
from knowledge.embeddings.registry import is_paid
from knowledge.retrieval import Retrieval, retrieve
from tenants.context import DATABASE_AWAY

log = logging.getLogger(__name__)

# Waits between searches while PostgreSQL is away (seconds), and until when another one is begun.
_SEARCH_AGAIN = (0.2, 0.5, 1.0, 2.0)
_AWAY_SECONDS = 4.0


async def find_passages(
    tenant_id: UUID, query: str, *, budget: int, source_ids: Sequence[UUID], may_spend: bool = True
) -> tuple[list[Passage], dict[str, Any]]:
    """The passages, best document first, and the trace of how they were found. None where embedding the
    query costs something that the workspace may not spend.

    Raises `LLMError` when the embedding service fails: to the visitor it is the same outage.
    """
    if not may_spend and is_paid():
        return [], {"query": query, "embedding_ms": 0.0, "search_ms": 0.0, "passages": []}
    try:
        # No sources chosen means all, not none.
        sought = " ".join(filter(None, (query, words_sought(query))))
        found = await _retrieve(tenant_id, sought, budget, source_ids or None)
    except EmbeddingError as error:
        raise LLMError("provider_unavailable", repr(error), permanent=error.permanent) from error
    numbered = [
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
    # No more than the turn's hold covers.
    passages = fit_passages(numbered, budget)
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
            for n, passage in enumerate(found.passages[: len(passages)], 1)
        ],
    }
    return passages, trace


async def _retrieve(
    tenant_id: UUID, query: str, budget: int, source_ids: Sequence[UUID] | None
) -> Retrieval:
    """A search reads only, so one whose connection a restart has ended is done again."""
    until = monotonic() + _AWAY_SECONDS
    for wait in _SEARCH_AGAIN:
        try:
            return await retrieve(tenant_id, query, budget=budget, source_ids=source_ids)
        except DATABASE_AWAY as error:
            # What took longer met a limit of a server that has too much to do.
            if monotonic() > until:
                raise
            log.warning("a search is done again: %s", type(error).__name__)
            await asyncio.sleep(wait)
    return await retrieve(tenant_id, query, budget=budget, source_ids=source_ids)
