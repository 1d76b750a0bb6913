"""The only vector and full-text SQL: publishing a document's chunks, removing them, searching.

Everything runs in the open tenant's context, on that tenant's own tables.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from knowledge.chunking import Chunk
from knowledge.embeddings.base import Vectors
from knowledge.models import Chunk as ChunkRow
from knowledge.models import Corpus, RawVector
from knowledge.passages import Found, Hit

BATCH = 500
# Below this many chunks a scan of all vectors is quicker than 5 ms, and exact.
HNSW_FROM = 10_000
CANDIDATES = 100
RARE_MATCHES = 3_000  # chunks that the full-text index may bring up for scoring
NEIGHBOUR_WEIGHT = 0.25


def text_hash(chunk: Chunk) -> bytes:
    """Identifies what a chunk's own vector is made of."""
    return blake2b(chunk.embedded_text.encode(), digest_size=16).digest()


def vector_literal(vector: Vectors) -> str:
    """pgvector's text form; five digits are more than half precision holds."""
    return "[" + ",".join(map("{:.5g}".format, vector.tolist())) + "]"


def blend(own: Vectors) -> Vectors:
    """Each chunk's vector with a quarter of its neighbours' (rows in reading order)."""
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
        bytes(digest): vector.to_numpy().astype(np.float32)
        for digest, vector in rows.values_list("text_hash", "vector").iterator(BATCH)
    }


def store_vectors(document_id: UUID, model: str, vectors: Mapping[bytes, Vectors]) -> None:
    """Keeps vectors for this document; those it has already stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO knowledge_rawvector (document_id, model, text_hash, vector)
            SELECT %s, %s, * FROM unnest(%s::bytea[], %s::halfvec[])
            ON CONFLICT DO NOTHING
            """,
            [document_id, model, list(vectors), [vector_literal(v) for v in vectors.values()]],
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
    Corpus.objects.bulk_create([Corpus()], ignore_conflicts=True)
    Corpus.objects.select_for_update().get()


def _remove(document_id: UUID) -> None:
    _lock_totals()
    if not ChunkRow.objects.filter(document_id=document_id).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_UNCOUNT_TERMS, [document_id])
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


# --- Searching -------------------------------------------------------------------------------


# Only index scans of vectors read these; JIT would cost more than any of these statements.
_SETTINGS = (
    "SET LOCAL hnsw.ef_search = 200; SET LOCAL hnsw.iterative_scan = strict_order; "
    "SET LOCAL jit = off"
)

# Both arms of `dense` are planned and one of them runs: its other condition is constant. The exact
# arm must not look like the index (no cast to a size), or the planner may choose it.
_SEARCH = """
WITH total AS MATERIALIZED (
    SELECT coalesce((SELECT chunks FROM knowledge_corpus), 0) AS chunks
), asked AS (
    SELECT lexeme, coalesce(known.chunks, 1) AS df
    FROM unnest(to_tsvector('english', %(question)s))
    LEFT JOIN knowledge_termfrequency known ON known.term = lexeme
), term AS MATERIALIZED (
    SELECT lexeme, ln(1 + (total.chunks - least(df, total.chunks) + 0.5) / (df + 0.5)) AS weight,
        quote_literal(lexeme)::tsquery AS query,
        sum(df) OVER by_rarity AS reach, row_number() OVER by_rarity AS place
    FROM asked, total WINDOW by_rarity AS (ORDER BY df, lexeme)
), rare AS MATERIALIZED (
    SELECT string_agg(quote_literal(lexeme), ' | ')::tsquery AS query
    FROM term WHERE reach <= %(reach)s OR place <= 2
), lexical AS (
    SELECT id, row_number() OVER (ORDER BY rank DESC, id) AS place FROM (
        SELECT chunk.id, (
            SELECT sum(weight * ts_rank('{{.5,.5,.5,1}}', chunk.tsv, term.query)) FROM term
        ) AS rank
        FROM knowledge_chunk chunk
        WHERE chunk.tsv @@ (SELECT query FROM rare) {chunk_filter}
        ORDER BY rank DESC, id LIMIT %(candidates)s
    ) best
), nearest AS (
    (
        SELECT chunk_id AS id, vector <#> %(vector)s::halfvec AS distance
        FROM knowledge_embedding
        WHERE model = %(model)s AND (SELECT chunks FROM total) < %(hnsw_from)s {vector_filter}
        ORDER BY distance LIMIT %(candidates)s
    ) UNION ALL (
        SELECT chunk_id, vector::halfvec({dimensions}) <#> %(vector)s::halfvec({dimensions})
        FROM knowledge_embedding
        WHERE dimensions = {dimensions} AND model = %(model)s
            AND (SELECT chunks FROM total) >= %(hnsw_from)s {vector_filter}
        ORDER BY vector::halfvec({dimensions}) <#> %(vector)s::halfvec({dimensions})
        LIMIT %(candidates)s
    )
), dense AS (
    SELECT id, row_number() OVER (ORDER BY distance, id) AS place FROM nearest
), fused AS (
    SELECT id, sum(1.0 / (10 + place)) AS score
    FROM (SELECT * FROM lexical UNION ALL SELECT * FROM dense) found GROUP BY id
), ranked AS (
    SELECT fused.score, chunk.*, sum(length(text)) OVER (ORDER BY score DESC, chunk.id) AS filled
    FROM fused JOIN knowledge_chunk chunk USING (id)
)
SELECT ranked.document_id, document.title, document.url, ranked.ordinal, ranked.page, ranked.start,
    ranked."end", ranked.heading_path, ranked.text, ranked.gap, ranked.score::float8,
    coalesce(-(own.vector <#> %(vector)s::halfvec), 0),
    ARRAY(
        SELECT lexeme FROM term
        WHERE ranked.tsv @@ (quote_literal(lexeme) || ':A')::tsquery
    ),
    (SELECT json_object_agg(lexeme, weight)::text FROM term)
FROM ranked JOIN knowledge_document document ON document.id = ranked.document_id
LEFT JOIN knowledge_rawvector own ON own.document_id = ranked.document_id
    AND own.model = %(model)s AND own.text_hash = ranked.text_hash
WHERE ranked.filled <= %(characters)s
ORDER BY ranked.score DESC, ranked.id
"""

_VECTOR_FILTER = "AND source_id = ANY(%(sources)s::uuid[])"
_CHUNK_FILTER = """
    AND document_id IN (
        SELECT id FROM knowledge_document WHERE source_id = ANY(%(sources)s::uuid[])
    )
"""


def search(
    *,
    question: str,
    vector: Vectors,
    model: str,
    characters: int,
    source_ids: Sequence[UUID] | None = None,
) -> Found:
    """The best chunks, as many as have `characters` together, best first."""
    filtered = source_ids is not None
    statement = _SEARCH.format(
        dimensions=len(vector),
        vector_filter=_VECTOR_FILTER if filtered else "",
        chunk_filter=_CHUNK_FILTER if filtered else "",
    )
    parameters: dict[str, Any] = {
        "question": question.replace("\0", " "),
        "vector": vector_literal(vector),
        "model": model,
        "characters": characters,
        "reach": RARE_MATCHES,
        "candidates": CANDIDATES,
        "hnsw_from": HNSW_FROM,
        "sources": list(source_ids or ()),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    hits = tuple(Hit(*row[:13]) for row in rows)
    return Found(hits, json.loads(rows[0][13] or "{}") if rows else {})
