"""The index: what is published is found, by its own tenant alone, and counts stay right."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from knowledge import index
from knowledge.chunking import Block, split
from knowledge.embeddings.base import Vectors, normalised
from knowledge.models import Chunk, Corpus, Document, Embedding, RawVector, Source, TermFrequency
from knowledge.passages import SearchResult
from tenants.context import run_in_scope, tenant_context, tenant_scope
from tenants.schemas.provisioning import TenantRef

MODEL = "test-model"
rng = np.random.default_rng(7)


def unit(rows: int) -> Vectors:
    vectors = rng.normal(size=(rows, 384)).astype(np.float32)
    return normalised(vectors)


def add(text: str, *, source: str = "Uploads", document: UUID | None = None) -> UUID:
    """Publishes a text (again, where the document is named) in the open tenant."""
    owner = Source.objects.get_or_create(kind=Source.Kind.UPLOAD, name=source)[0]
    if document is None:
        row = Document.objects.create(
            source=owner, filename="a.md", title="A", content_hash=str(rng.random()), size=1
        )
        document = row.pk
    chunks = split(text, [Block(0, len(text))])
    vectors = unit(len(chunks))
    index.store_vectors(
        document, MODEL, dict(zip(map(index.text_hash, chunks), vectors, strict=True))
    )
    index.publish(
        document_id=document, source_id=owner.pk, model=MODEL, chunks=chunks, own_vectors=vectors
    )
    return document


def find(
    question: str, *, sources: Sequence[UUID] | None = None, hnsw_from: int = 10**9
) -> SearchResult:
    return index.search(
        question=question,
        vector=unit(1)[0],
        model=MODEL,
        characters=100_000,
        source_ids=sources,
        hnsw_from=hnsw_from,
    )


def counted() -> dict[str, int]:
    return dict(TermFrequency.objects.values_list("term", "chunks"))


def recounted() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lexeme, count(*) FROM knowledge_chunk, unnest(tsv) GROUP BY lexeme")
        return dict(cursor.fetchall())


def prose(seed: int, words: int = 2_000) -> str:
    """Sentences of words that repeat the more often, the lower their number."""
    numbers = np.random.default_rng(seed).zipf(1.5, words) % 500
    sentence = [f"word{number}" for number in numbers]
    return ". ".join(" ".join(sentence[at : at + 8]) for at in range(0, words, 8)) + "."


def test_term_counts_follow_publishing_swapping_and_removing(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        first, second = add(prose(1)), add(prose(2))
        assert counted() == recounted() != {}
        add(prose(3), document=first)
        assert counted() == recounted()
        assert Corpus.objects.get().chunks == Chunk.objects.count()
        index.remove(second)
        assert counted() == recounted()
        index.remove(first)
        assert counted() == {}
        assert Corpus.objects.get().chunks == 0
        assert not Embedding.objects.exists()
        assert not RawVector.objects.exists()


def test_publishing_at_the_same_time_loses_no_count(tenant: TenantRef) -> None:
    scope = tenant_scope(tenant.id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run_in_scope(scope, lambda: add(prose(n))), range(8)))
    with tenant_context(tenant.id):
        assert counted() == recounted()
        assert Corpus.objects.get().chunks == Chunk.objects.count()


def test_a_chunk_without_a_single_word_can_come_and_go(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document = add("*** --- ***")
        add("*** --- ***", document=document)
        assert Chunk.objects.count() == 1
        index.remove(document)
        assert Chunk.objects.count() == 0


def test_a_swap_keeps_the_vectors_of_what_did_not_change(tenant: TenantRef) -> None:
    kept, old, new = "A" * 250 + ".", "B" * 250 + ".", "C" * 250 + "."
    with tenant_context(tenant.id):
        document = add(f"{kept}\n\n{old}")
        before = set(RawVector.objects.values_list("pk", flat=True))
        add(f"{kept}\n\n{new}", document=document)
        after = set(RawVector.objects.values_list("pk", flat=True))
        assert len(before & after) == 1
        assert len(after) == 2


def test_the_rarest_word_wins_among_common_ones(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add(prose(5) + "\n\n" + "word1 word2 word3 zorblatt. " * 3)
        # Of another model there are no vectors: words alone decide.
        best = index.search(
            question="word1 word2 zorblatt", vector=unit(1)[0], model="none", characters=5_000
        ).hits[0]
    assert "zorblatt" in best.text
    assert "zorblatt" in best.terms


@pytest.mark.parametrize(
    "question",
    ["", "the of and", "'\\' | & ! :* <->", "\0", "zorblatt\\'s", "x" * 5_000, "a:A b:*", "日本"],
)
def test_no_question_breaks_the_search(tenant: TenantRef, question: str) -> None:
    with tenant_context(tenant.id):
        add("Zorblatt's gate opens at nine. " * 3)
        assert len(find(question).hits) == 1


def test_a_word_that_no_document_has_weighs_most(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add(prose(6))
        weights = find("word1 zorblatt").weights
    assert weights["zorblatt"] > weights["word1"] > 0


def test_the_approximate_index_finds_what_the_scan_finds(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add(prose(8, 20_000))
        vector = unit(1)[0]
        exact, approximate = (
            index.search(
                question="", vector=vector, model=MODEL, characters=10**6, hnsw_from=hnsw_from
            ).hits
            for hnsw_from in (10**9, 0)
        )
    assert len(exact) == len(approximate) == 100
    assert len({hit.ordinal for hit in exact} & {hit.ordinal for hit in approximate}) >= 95


@pytest.mark.parametrize("hnsw_from", [0, 10**9])
def test_a_search_stays_in_the_sources_it_is_given(tenant: TenantRef, hnsw_from: int) -> None:
    with tenant_context(tenant.id):
        few = add("The zorblatt is blue. " * 30, source="Few")
        add(prose(9, 20_000) + " zorblatt.", source="Many")
        sources = list(Source.objects.filter(name="Few").values_list("pk", flat=True))
        hits = find("zorblatt", sources=sources, hnsw_from=hnsw_from).hits
        assert {hit.document_id for hit in hits} == {few}
        assert len(hits) == Chunk.objects.filter(document_id=few).count()
        assert find("zorblatt", sources=[], hnsw_from=hnsw_from).hits == ()


def test_another_tenant_finds_nothing_and_weighs_nothing(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    with tenant_context(tenant.id):
        add("The zorblatt code is 4711. " * 3)
    with tenant_context(other_tenant.id):
        assert find("zorblatt code").hits == ()
        add("Nothing to see. " * 3)
        assert all("zorblatt" not in hit.text for hit in find("zorblatt code").hits)
        assert "zorblatt" not in counted()


def test_vectors_of_another_model_are_not_searched(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        add("Words that nobody asks for. " * 3)
        found = index.search(question="else", vector=unit(1)[0], model="other", characters=1_000)
    assert found.hits == ()


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("HT-4410-B", "ht4410b"),
        ("HT-4410-B", "HT 4410 B"),
        ("HT4410B", "ht-4410-b"),
        ("AX-200", "ax200"),
        ("AX200", "ax 200"),
    ],
)
def test_a_code_is_found_however_it_is_written(tenant: TenantRef, written: str, asked: str) -> None:
    with tenant_context(tenant.id):
        code = add(f"The belt has the number {written}.")
        add("Belts of other makers do not fit.")
        found = find(f"what is {asked}?")
        assert found.hits[0].document_id == code
        assert found.hits[0].terms
