"""Geometry of a chart of stacked bars, for an SVG without a script. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 200
_LEFT, _BOTTOM, _TOP = 48, 22, 8
_MAX_LABELS = 8
# The stylesheet has so many colours; further series share the last one.
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in the chart's units; `series` counts from 1; `title` is told when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label, or a line of the grid, at one place."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the template draws. `lines` are heights, `labels` are places along the bottom."""

    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    series: tuple[tuple[int, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def stacked_bars(
    *, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], unit: str = ""
) -> Chart:
    """One column for each label, one part of it for each series; every series is as long as `labels`.

    `unit` stands before numbers, as `$`.
    """
    top = _round_up(max((sum(column) for column in zip(*_values(series), strict=True)), default=0))
    scale = (HEIGHT - _TOP - _BOTTOM) / top
    step = (WIDTH - _LEFT) / max(1, len(labels))
    bars: list[Bar] = []
    for place, label in enumerate(labels):
        base = float(HEIGHT - _BOTTOM)
        for number, (name, values) in enumerate(series, 1):
            tall = values[place] * scale
            if tall <= 0:
                continue
            base -= tall
            title = f"{label}, {name}: {unit}{_number(values[place])}"
            x = _LEFT + place * step + step * 0.15
            colour = min(number, COLOURS)
            bars.append(Bar(_cut(x), _cut(base), _cut(step * 0.7), _cut(tall), colour, title))
    return Chart(
        bars=tuple(bars),
        lines=tuple(
            Mark(_cut(HEIGHT - _BOTTOM - part * scale), f"{unit}{_number(part)}")
            for part in (0.0, top / 2, top)
        ),
        labels=_spread(labels, step),
        series=tuple((min(n, COLOURS), name) for n, (name, _) in enumerate(series, 1)),
    )


def _values(series: Sequence[tuple[str, Sequence[float]]]) -> list[Sequence[float]]:
    return [values for _, values in series] or [[0.0]]


def _spread(labels: Sequence[str], step: float) -> tuple[Mark, ...]:
    every = max(1, math.ceil(len(labels) / _MAX_LABELS))
    return tuple(
        Mark(_cut(_LEFT + place * step + step / 2), label)
        for place, label in enumerate(labels)
        if place % every == 0
    )


def _round_up(most: float) -> float:
    """The next number that an axis may end with.

    Sums too small for the digits an axis shows are as good as none.

    >>> _round_up(0), _round_up(7), _round_up(23), _round_up(0.0031)
    (1.0, 10.0, 40.0, 0.004)
    """
    if most < 1e-9:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(most))
    return next(
        round(magnitude * factor, 12) for factor in (1, 2, 4, 10) if magnitude * factor >= most
    )


def _number(value: float) -> str:
    """
    >>> _number(1200), _number(0.004), _number(2.5)
    ('1,200', '0.004', '2.5')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _cut(value: float) -> float:
    return round(value, 1)
