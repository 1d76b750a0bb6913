"""Chunks and their vectors into the index and out of it, term counts kept right.

Writes of one tenant are done one at a time; a search meanwhile sees all of a document or nothing.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from knowledge.chunking import Chunk
from knowledge.embeddings.base import Vectors
from knowledge.index.literals import vector_literal
from knowledge.models import Chunk as ChunkRow
from knowledge.models import Corpus, RawVector

# A statement of 20,000 rows would hold its arrays three times in memory.
BATCH = 500  # rows a statement
NEIGHBOUR_WEIGHT = 0.25


def text_hash(chunk: Chunk) -> bytes:
    """Identifies what a chunk's own vector is made of."""
    return blake2b(chunk.embedded_text.encode(), digest_size=16).digest()


def blend(own: Vectors) -> Vectors:
    """Each chunk's vector with a quarter of its neighbours' (rows in reading order)."""
    # A sentence is found by what surrounds it, too: "It costs 5 euros" names nothing itself.
    blended = own.copy()
    blended[1:] += NEIGHBOUR_WEIGHT * own[:-1]
    blended[:-1] += NEIGHBOUR_WEIGHT * own[1:]
    result: Vectors = (blended / np.float32(1 + 2 * NEIGHBOUR_WEIGHT)).astype(np.float32)
    return result


# --- Vectors kept while a document is embedded -----------------------------------------------


def stored_vectors(document_id: UUID, model: str) -> dict[bytes, Vectors]:
    """By text hash: what was embedded for this document before."""
    rows = RawVector.objects.filter(document_id=document_id, model=model)
    return {
        bytes(digest): np.array(vector, np.float32)
        for digest, vector in rows.values_list("text_hash", "vector").iterator(BATCH)
    }


def store_vectors(document_id: UUID, model: str, vectors: Mapping[bytes, Vectors]) -> None:
    """Keeps vectors for this document; those it has already stay, and a deleted one gets none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO knowledge_rawvector (document_id, model, text_hash, vector)
            SELECT document.id, %s, made.*
            FROM knowledge_document document, unnest(%s::bytea[], %s::halfvec[]) made
            WHERE document.id = %s FOR KEY SHARE OF document
            ON CONFLICT DO NOTHING
            """,
            [model, list(vectors), [vector_literal(v) for v in vectors.values()], document_id],
        )


# --- Publishing ------------------------------------------------------------------------------

_INSERT = """
WITH new AS (
    SELECT * FROM unnest(
        %(ordinals)s::int[], %(pages)s::int[], %(starts)s::int[], %(ends)s::int[],
        %(headings)s::text[], %(texts)s::text[], %(gaps)s::text[], %(arounds)s::text[],
        %(hashes)s::bytea[], %(vectors)s::halfvec[]
    ) AS t (ordinal, page, start, "end", heading_path, text, gap, around, text_hash, vector)
), chunk AS (
    INSERT INTO knowledge_chunk
        (document_id, ordinal, page, start, "end", heading_path, text, gap, text_hash, tsv)
    SELECT %(document)s, ordinal, page, start, "end", heading_path, text, gap, text_hash,
        setweight(to_tsvector('english', heading_path || ' ' || text), 'A')
        || setweight(to_tsvector('english', around), 'D')
    FROM new
    RETURNING id, ordinal
)
INSERT INTO knowledge_embedding (chunk_id, source_id, model, dimensions, vector)
SELECT chunk.id, %(source)s, %(model)s, %(dimensions)s, new.vector
FROM chunk JOIN new USING (ordinal)
"""

_COUNT_TERMS = """
INSERT INTO knowledge_termfrequency AS known (term, chunks)
SELECT lexeme, count(*) FROM knowledge_chunk, unnest(tsv) WHERE document_id = %s GROUP BY lexeme
ON CONFLICT (term) DO UPDATE SET chunks = known.chunks + excluded.chunks
"""

_UNCOUNT_TERMS = """
UPDATE knowledge_termfrequency known SET chunks = known.chunks - gone.chunks
FROM (
    SELECT lexeme, count(*) AS chunks FROM knowledge_chunk, unnest(tsv)
    WHERE document_id = %s GROUP BY lexeme
) gone
WHERE known.term = gone.lexeme
"""


def publish(
    *,
    document_id: UUID,
    source_id: UUID,
    model: str,
    chunks: Sequence[Chunk],
    own_vectors: Vectors,
) -> None:
    """Swaps a document's chunks for these, in the caller's transaction or its own.

    `own_vectors` float32 [len(chunks), dimensions], each chunk's own. A search sees all of the old
    ones or all of the new ones.
    """
    vectors = blend(own_vectors)
    with transaction.atomic(), connection.cursor() as cursor:
        _remove(document_id)
        for at in range(0, len(chunks), BATCH):
            part = chunks[at : at + BATCH]
            cursor.execute(
                _INSERT,
                {
                    "document": document_id,
                    "source": source_id,
                    "model": model,
                    "dimensions": vectors.shape[1],
                    "ordinals": [chunk.ordinal for chunk in part],
                    "pages": [chunk.page for chunk in part],
                    "starts": [chunk.start for chunk in part],
                    "ends": [chunk.end for chunk in part],
                    "headings": [chunk.heading_path for chunk in part],
                    "texts": [chunk.text for chunk in part],
                    "gaps": [chunk.gap for chunk in part],
                    "arounds": [f"{chunk.before}\n{chunk.after}" for chunk in part],
                    "hashes": [text_hash(chunk) for chunk in part],
                    "vectors": [vector_literal(v) for v in vectors[at : at + BATCH]],
                },
            )
        _count(document_id, len(chunks))
        cursor.execute(
            """
            DELETE FROM knowledge_rawvector
            WHERE document_id = %s AND NOT (model = %s AND text_hash = ANY(%s::bytea[]))
            """,
            [document_id, model, [text_hash(chunk) for chunk in chunks]],
        )


def remove(document_id: UUID) -> None:
    """Takes a document's chunks out of search and forgets its vectors."""
    with transaction.atomic():
        _remove(document_id)
        RawVector.objects.filter(document_id=document_id).delete()


def _lock_totals() -> None:
    """One publisher of a tenant at a time: term counts of two would deadlock or be lost."""
    # The first document of a tenant finds no row to lock, so it makes one.
    Corpus.objects.bulk_create([Corpus()], ignore_conflicts=True)
    Corpus.objects.select_for_update().get()


def _remove(document_id: UUID) -> None:
    _lock_totals()
    if not ChunkRow.objects.filter(document_id=document_id).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_UNCOUNT_TERMS, [document_id])
        # A term that is in no chunk any more would count as known and be searched for.
        cursor.execute("DELETE FROM knowledge_termfrequency WHERE chunks = 0")
        cursor.execute(
            "DELETE FROM knowledge_embedding USING knowledge_chunk chunk "
            "WHERE chunk_id = chunk.id AND document_id = %s",
            [document_id],
        )
        cursor.execute("DELETE FROM knowledge_chunk WHERE document_id = %s", [document_id])
        cursor.execute("UPDATE knowledge_corpus SET chunks = chunks - %s", [cursor.rowcount])


def _count(document_id: UUID, chunks: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_TERMS, [document_id])
        cursor.execute("UPDATE knowledge_corpus SET chunks = chunks + %s", [chunks])
