"""From found chunks to passages."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from knowledge.passages import Hit, SearchResult, build_passages

DOCUMENT = UUID(int=1)
TEXT = "".join(chr(97 + place % 26) for place in range(1_000))


def hit(ordinal: int, *, score: float, page: int = 1, terms: tuple[str, ...] = ()) -> Hit:
    """Chunks of 20 characters with 5 between two."""
    start = ordinal * 25
    return Hit(
        document_id=DOCUMENT,
        title="T",
        url="",
        ordinal=ordinal,
        page=page,
        start=start,
        end=start + 20,
        heading_path=f"H{ordinal}",
        text=TEXT[start : start + 20],
        gap=TEXT[start + 20 : start + 25],
        score=score,
        similarity=score / 10,
        terms=terms,
    )


def test_neighbours_become_one_passage_with_the_text_between() -> None:
    found = SearchResult((hit(3, score=3), hit(5, score=2), hit(4, score=1)), {})
    (passage,) = build_passages(found, 1_000)
    assert (passage.start, passage.end) == (75, 145)
    assert passage.text == TEXT[75:145]
    assert (passage.score, passage.similarity, passage.heading_path) == (3, 0.3, "H3")


def test_passages_stand_in_order_of_their_best_chunk() -> None:
    found = SearchResult((hit(9, score=3), hit(1, score=2), hit(5, score=1)), {})
    assert [p.start for p in build_passages(found, 1_000)] == [225, 25, 125]


def test_a_page_is_never_left() -> None:
    found = SearchResult((hit(1, score=2, page=1), hit(2, score=1, page=2)), {})
    assert [p.page for p in build_passages(found, 1_000)] == [1, 2]


def test_coverage_is_the_weight_of_the_words_found() -> None:
    found = SearchResult((hit(1, score=2, terms=("a",)), hit(9, score=1)), {"a": 3.0, "b": 1.0})
    assert [p.coverage for p in build_passages(found, 1_000)] == [0.75, 0.0]


def test_an_uploaded_file_has_no_url() -> None:
    assert build_passages(SearchResult((hit(1, score=1),), {}), 100)[0].url is None


@given(st.lists(st.integers(0, 35), unique=True), st.integers(0, 300))
def test_the_budget_is_never_passed_and_offsets_are_true(ordinals: list[int], budget: int) -> None:
    hits = tuple(hit(o, score=100 - place) for place, o in enumerate(ordinals))
    passages = build_passages(SearchResult(hits, {}), budget)
    assert sum(len(p.text) for p in passages) <= budget
    assert all(p.text == TEXT[p.start : p.end] for p in passages)
    assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)
