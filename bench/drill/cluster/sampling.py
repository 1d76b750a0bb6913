"""What each part of a cluster takes, sampled while a drill goes on, and the verdict over all of it."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import psutil

from bench.cluster.handle import Cluster
from bench.drill.cluster.growth import Growth, Sample, growth

_MEGABYTE = 1024 * 1024
# What may be gained in any case: MB, and counts. A cache that fills late, a connection more in a pool.
ALLOWED = {"memory_mb": 6.0, "descriptors": 6.0, "connections": 6.0}
# Memory that grows with what is kept there on purpose: samples, event logs until their time is over,
# what the drill's own provider notes of each call.
KEEPS = {"prometheus", "alertmanager", "redis", "rabbitmq", "provider", "pager"}


@dataclass
class Series:
    """Samples by part and figure."""

    cluster: Cluster
    taken: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    _began: float = field(default_factory=time.monotonic)

    def take(self) -> None:
        """One sample of every part."""
        at = time.monotonic() - self._began
        for name in self.cluster.names:
            for figure, value in _look(self.cluster.tree(name)).items():
                self.taken[name, figure].append((at, value))

    def verdicts(self) -> dict[str, Growth]:
        """By `part figure`."""
        return {f"{name} {figure}": growth(found) for (name, figure), found in self.taken.items()}


def _look(tree: list[psutil.Process]) -> dict[str, float]:
    """Memory that is a part's alone, descriptors and TCP connections, over all its processes."""
    sums = dict.fromkeys(ALLOWED, 0.0)
    for process in tree:
        try:
            sums["memory_mb"] += process.memory_full_info().uss / _MEGABYTE
            sums["descriptors"] += process.num_fds()
            open_ones = process.net_connections(kind="tcp")
        except psutil.NoSuchProcess:
            continue
        sums["connections"] += sum(each.status == psutil.CONN_ESTABLISHED for each in open_ones)
    return sums


def leaks(verdicts: dict[str, Growth]) -> list[str]:
    """A sentence for each figure that grew by more than it moves about."""
    found = []
    for name, grown in verdicts.items():
        part, figure = name.split()
        judged = figure != "memory_mb" or part not in KEEPS
        if judged and not grown.holds(ALLOWED[figure]):
            found.append(
                f"{part}: {figure} grew by {grown.grown:.1f} ({grown.per_hour:.0f} an hour), "
                f"and moves by {grown.noise:.1f}"
            )
    return found


def table(verdicts: dict[str, Growth]) -> dict[str, dict[str, Any]]:
    """For the drill's file: rounded figures by part and figure."""
    return {
        name: {
            "middle": round(each.middle, 1),
            "grown": round(each.grown, 2),
            "noise": round(each.noise, 2),
        }
        for name, each in verdicts.items()
    }
