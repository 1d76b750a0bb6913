"""Found chunks → passages: filled up to a budget in order of rank, neighbours merged. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Hit:
    """A found chunk. `similarity` is the cosine of its own vector to the question's, `terms` are
    the question's lexemes that stand in its own text or headings."""

    document_id: UUID
    title: str
    url: str
    ordinal: int
    page: int | None
    start: int
    end: int
    heading_path: str
    text: str
    gap: str
    score: float
    similarity: float
    terms: Sequence[str]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and the weight (inverse document frequency) of each lexeme asked for."""

    hits: tuple[Hit, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of a document's text that may answer the question.

    `similarity` is the best cosine of its chunks to the question; `coverage` the share, by weight,
    of the question's words that stand in it or its headings. Both are 0 to 1 for what matters: they
    tell whether anything relevant was found, which a rank cannot. `score` orders passages only.
    """

    document_id: UUID
    title: str
    url: str | None
    page: int | None
    start: int
    end: int
    text: str
    heading_path: str
    similarity: float
    coverage: float
    score: float


def build_passages(found: SearchResult, budget: int) -> list[Passage]:
    """Best first; the lengths of their texts add up to at most `budget` characters."""
    runs = _runs(_within(found.hits, budget))
    passages = (_passage(run, found.weights) for run in runs)
    return sorted(passages, key=lambda passage: -passage.score)


def _within(hits: Iterable[Hit], budget: int) -> list[Hit]:
    """Hits in order of rank as long as they fit, gaps between neighbours counted."""
    chosen: dict[tuple[UUID, int], Hit] = {}
    left = budget
    for hit in hits:
        place = (hit.document_id, hit.ordinal)
        # What stands between two neighbours is shown as well once both are chosen.
        before = chosen.get((hit.document_id, hit.ordinal - 1))
        after = chosen.get((hit.document_id, hit.ordinal + 1))
        cost = len(hit.text)
        cost += len(before.gap) if before and _joined(before, hit) else 0
        cost += len(hit.gap) if after and _joined(hit, after) else 0
        if cost <= left and place not in chosen:
            chosen[place] = hit
            left -= cost
    return list(chosen.values())


def _joined(first: Hit, second: Hit) -> bool:
    """Whether the second follows the first in one page with nothing but the gap between."""
    return (
        first.document_id == second.document_id
        and first.ordinal + 1 == second.ordinal
        # A passage names one page, so it ends where the page does.
        and first.page == second.page
        and first.end + len(first.gap) == second.start
    )


def _runs(hits: Sequence[Hit]) -> list[list[Hit]]:
    runs: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: (hit.document_id, hit.ordinal)):
        if runs and _joined(runs[-1][-1], hit):
            runs[-1].append(hit)
        else:
            runs.append([hit])
    return runs


def _passage(run: Sequence[Hit], weights: Mapping[str, float]) -> Passage:
    first, last = run[0], run[-1]
    text = "".join(hit.text + hit.gap for hit in run[:-1]) + last.text
    covered = {term for hit in run for term in hit.terms}
    total = sum(weights.values())
    return Passage(
        document_id=first.document_id,
        title=first.title,
        # Only documents that the public can fetch have an address.
        url=first.url or None,
        page=first.page,
        start=first.start,
        end=last.end,
        text=text,
        heading_path=first.heading_path,
        # The best of its chunks: one sentence that answers is enough.
        similarity=max(hit.similarity for hit in run),
        coverage=sum(weights[term] for term in covered) / total if total else 0.0,
        score=max(hit.score for hit in run),
    )
