"""Whether a figure that is sampled over time grows, or only moves about."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import percentile

# What is filled at the start, once: models, pools, caches.
_WARMING = 1 / 3
_MOST_POINTS = 200
# When (in seconds), and how much.
Sample = tuple[float, float]


@dataclass(frozen=True)
class Growth:
    """Of what was seen after the first third: `grown` is the slope times the time, `noise` how far apart
    nine of ten samples lie around that line, `middle` the median."""

    grown: float
    noise: float
    middle: float
    hours: float

    def holds(self, allowed: float) -> bool:
        """Whether it grew by no more than it moves about, or than is allowed in any case."""
        return self.grown <= max(self.noise, allowed)

    @property
    def per_hour(self) -> float:
        return self.grown / self.hours if self.hours else 0.0


def growth(samples: Sequence[Sample]) -> Growth:
    """The slope is the median of the slopes between all pairs of samples (Theil and Sen): a few that lie
    far off, as at a fault, do not turn it. Raises ValueError for fewer than nine samples."""
    if len(samples) < 9:
        raise ValueError(f"{len(samples)} samples tell nothing about growth")
    looked_at = samples[round(len(samples) * _WARMING) :]
    points = _thinned(looked_at)
    slope = statistics.median(
        (later - value) / (at - since)
        for number, (since, value) in enumerate(points)
        for at, later in points[number + 1 :]
    )
    start, end = points[0][0], points[-1][0]
    apart = [value - slope * (at - start) for at, value in looked_at]
    return Growth(
        grown=slope * (end - start),
        noise=percentile(apart, 0.95) - percentile(apart, 0.05),
        middle=statistics.median(value for _, value in looked_at),
        hours=(end - start) / 3600,
    )


def _thinned(samples: Sequence[Sample]) -> list[Sample]:
    """At most so many: medians of neighbours in the place of many."""
    size = -(-len(samples) // _MOST_POINTS)
    groups = [samples[at : at + size] for at in range(0, len(samples), size)]
    return [
        (statistics.median(at for at, _ in group), statistics.median(v for _, v in group))
        for group in groups
    ]
