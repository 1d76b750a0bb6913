"""The search: dense and lexical candidates, fused by rank.

First the question's lexemes with their frequencies, then one statement that is written for them: a
weighted sum over a table of terms took three times as long as the same sum spelt out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from knowledge.embeddings.base import Vectors
from knowledge.index.codes import other_spellings
from knowledge.index.literals import lexeme_query, vector_literal
from knowledge.passages import Hit, SearchResult

# Below this many chunks a scan of all vectors takes less than 5 ms, and is exact.
HNSW_FROM = 10_000
CANDIDATES = 100  # of each arm
RANK_CONSTANT = 10  # of reciprocal rank fusion
RARE_MATCHES = 3_000  # chunks that the full-text index may bring up for scoring
MAX_TERMS = 40  # a pasted page is searched for by its rarest words

# Only vector index scans read the first two; ef_search must exceed the candidates, or fewer come
# back. JIT would cost more than the statement.
_SETTINGS = (
    "SET LOCAL hnsw.ef_search = 200; SET LOCAL hnsw.iterative_scan = strict_order; "
    "SET LOCAL jit = off"
)

_TERMS = """
SELECT asked.lexeme, coalesce(known.chunks, 0), coalesce((SELECT chunks FROM knowledge_corpus), 0)
FROM unnest(to_tsvector('english', %s)) asked
LEFT JOIN knowledge_termfrequency known ON known.term = asked.lexeme
UNION ALL SELECT known.term, known.chunks, 0 FROM knowledge_termfrequency known
WHERE known.term = ANY(%s::text[]) AND known.chunks > 0
UNION ALL SELECT NULL, 0, coalesce((SELECT chunks FROM knowledge_corpus), 0)
"""

_LEXICAL = """
SELECT chunk.id, {rank} AS rank FROM knowledge_chunk chunk
WHERE chunk.tsv @@ %(rare)s::tsquery {chunk_filter}
ORDER BY rank DESC, id LIMIT %(candidates)s
"""
_NO_LEXICAL = "SELECT NULL::bigint AS id, NULL::float4 AS rank WHERE false"
# Weight A is a chunk's own text, D what stands around it.
_RANK = "%(weight{n})s * ts_rank('{{.5,.5,.5,1}}', chunk.tsv, %(query{n})s::tsquery)"

# Not in the index's form (no cast to a size), so that the planner cannot choose the index.
_EXACT = """
SELECT chunk_id AS id, vector <#> %(vector)s::halfvec AS distance FROM knowledge_embedding
WHERE model = %(model)s {vector_filter}
ORDER BY distance LIMIT %(candidates)s
"""
_HNSW = """
SELECT chunk_id AS id, vector::halfvec({d}) <#> %(vector)s::halfvec({d}) AS distance
FROM knowledge_embedding WHERE dimensions = {d} AND model = %(model)s {vector_filter}
ORDER BY vector::halfvec({d}) <#> %(vector)s::halfvec({d}) LIMIT %(candidates)s
"""

_VECTOR_FILTER = "AND source_id = ANY(%(sources)s::uuid[])"
_CHUNK_FILTER = """
    AND document_id IN (
        SELECT id FROM knowledge_document WHERE source_id = ANY(%(sources)s::uuid[])
    )
"""

_SEARCH = """
WITH found AS (
    SELECT id, row_number() OVER (ORDER BY rank DESC, id) AS place FROM ({lexical}) lexical
    UNION ALL
    SELECT id, row_number() OVER (ORDER BY distance, id) FROM ({dense}) dense
), fused AS (
    SELECT id, sum(1.0 / (%(rank_constant)s + place))::float8 AS score FROM found GROUP BY id
), ranked AS (
    SELECT fused.score, chunk.*, sum(length(text)) OVER (ORDER BY score DESC, chunk.id) AS filled
    FROM fused JOIN knowledge_chunk chunk USING (id)
)
SELECT ranked.document_id, document.title, document.url, ranked.ordinal, ranked.page, ranked.start,
    ranked."end", ranked.heading_path, ranked.text, ranked.gap, ranked.score,
    coalesce(-(own.vector <#> %(vector)s::halfvec), 0),
    ARRAY(
        SELECT lexeme FROM unnest(%(lexemes)s::text[], %(queries)s::text[]) AS t (lexeme, query)
        WHERE ranked.tsv @@ (query || ':A')::tsquery
    )
FROM ranked JOIN knowledge_document document ON document.id = ranked.document_id
LEFT JOIN knowledge_rawvector own ON own.document_id = ranked.document_id
    AND own.model = %(model)s AND own.text_hash = ranked.text_hash
WHERE ranked.filled <= %(characters)s
ORDER BY ranked.score DESC, ranked.id
"""


@dataclass(frozen=True, slots=True)
class Term:
    """A lexeme of the question; `chunks` have it, `weight` is its inverse document frequency."""

    lexeme: str
    chunks: int
    weight: float


def search(
    *,
    question: str,
    vector: Vectors,
    model: str,
    characters: int,
    source_ids: Sequence[UUID] | None = None,
    hnsw_from: int = HNSW_FROM,
) -> SearchResult:
    """The best chunks, as many as have `characters` together, best first.

    From `hnsw_from` chunks on, vectors are searched by the approximate index.
    """
    # SET LOCAL needs a transaction, and both statements then see the same index.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        # PostgreSQL takes no NUL in a text.
        cursor.execute(_TERMS, [question.replace("\0", " "), other_spellings(question)])
        terms, chunks = _read_terms(cursor.fetchall())
        parameters: dict[str, Any] = {
            "vector": vector_literal(vector),
            "model": model,
            "characters": characters,
            "candidates": CANDIDATES,
            "rank_constant": RANK_CONSTANT,
            "rare": " | ".join(lexeme_query(term.lexeme) for term in _rare(terms)),
            "lexemes": [term.lexeme for term in terms],
            "queries": [lexeme_query(term.lexeme) for term in terms],
            "sources": list(source_ids or ()),
            **_weights(terms),
        }
        statement = _statement(
            terms=len(terms),
            dimensions=len(vector) if chunks >= hnsw_from else None,
            filtered=source_ids is not None,
        )
        cursor.execute(statement, parameters)
        hits = tuple(Hit(*row) for row in cursor.fetchall())
    return SearchResult(hits, {term.lexeme: term.weight for term in terms})


def _read_terms(rows: Sequence[tuple[str | None, int, int]]) -> tuple[list[Term], int]:
    """Rarest first, and how many chunks there are in all. A lexeme nobody counted has one chunk."""
    total = rows[-1][2]
    found = sorted({(max(1, chunks), lexeme) for lexeme, chunks, _ in rows if lexeme is not None})
    return [
        Term(lexeme, chunks, log(1 + (max(0, total - chunks) + 0.5) / (chunks + 0.5)))
        for chunks, lexeme in found[:MAX_TERMS]
    ], total


def _rare(terms: Sequence[Term]) -> Iterator[Term]:
    """As many of the rarest as bring up few enough chunks, but at least two."""
    reach = 0
    for place, term in enumerate(terms):
        reach += term.chunks
        # Two at least: a question of common words alone must find something as well.
        if place >= 2 and reach > RARE_MATCHES:
            return
        yield term


def _weights(terms: Sequence[Term]) -> Mapping[str, Any]:
    named: dict[str, Any] = {}
    for number, term in enumerate(terms):
        named[f"weight{number}"] = term.weight
        named[f"query{number}"] = lexeme_query(term.lexeme)
    return named


def _statement(*, terms: int, dimensions: int | None, filtered: bool) -> str:
    """Put together from this file's own text alone; `dimensions` None scans all vectors."""
    vector_filter = _VECTOR_FILTER if filtered else ""
    lexical, dense = _NO_LEXICAL, _EXACT.format(vector_filter=vector_filter)
    if terms:
        rank = " + ".join(_RANK.format(n=number) for number in range(terms))
        lexical = _LEXICAL.format(rank=rank, chunk_filter=_CHUNK_FILTER if filtered else "")
    if dimensions is not None:
        dense = _HNSW.format(d=dimensions, vector_filter=vector_filter)
    return _SEARCH.format(lexical=lexical, dense=dense)
