"""Where an answer's time went, as bars beside each other. Pure."""

from dataclasses import dataclass

from conversations.history.explanations import Timings

_WIDTH = 100.0
_THINNEST = 0.6


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the whole: `x` and `width` in percent, as text for an SVG."""

    name: str
    milliseconds: float
    x: str
    width: str


def spans_of(timings: Timings) -> list[Span]:
    """`search`, `wait` (for the first word) and `write`, one after the other; empty when nothing is
    known of the whole."""
    total = timings.total
    if not total:
        return []
    searched = min(timings.retrieval or 0.0, total)
    first = min(timings.first_token or total, total)
    bounds = [("search", 0.0, searched), ("wait", searched, first), ("write", first, total)]
    return [_span(name, begin, max(begin, end), total) for name, begin, end in bounds]


def _span(name: str, begin: float, end: float, total: float) -> Span:
    width = max(_THINNEST, _WIDTH * (end - begin) / total)
    x = min(_WIDTH - width, _WIDTH * begin / total)
    return Span(name, end - begin, f"{x:.1f}", f"{width:.1f}")
