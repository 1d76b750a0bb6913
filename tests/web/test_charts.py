"""Charts: every bar stands within the frame, and the heights say what the numbers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_saas.web.charts import COLOURS, HEIGHT, WIDTH, Chart, stacked_bars

VALUES = st.floats(min_value=0, max_value=1e9, allow_nan=False)


def chart_of(*columns: tuple[float, ...]) -> Chart:
    labels = [f"day {number}" for number in range(len(columns))]
    rows = list(zip(*columns, strict=True)) if columns else []
    return stacked_bars(labels=labels, series=[(f"s{n}", row) for n, row in enumerate(rows)])


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=40))
def test_every_bar_stands_within_the_frame(columns: list[tuple[float, float, float]]) -> None:
    chart = chart_of(*columns)
    for bar in chart.bars:
        assert chart.left <= bar.x <= bar.x + bar.width <= WIDTH + 0.1
        assert -0.1 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert 1 <= bar.series <= COLOURS
    assert len(chart.labels) <= 8 + 1


@given(st.lists(st.tuples(VALUES), min_size=2, max_size=20))
def test_a_taller_bar_is_a_larger_number(columns: list[tuple[float]]) -> None:
    chart = chart_of(*columns)
    tall = {bar.title.partition(",")[0]: bar.height for bar in chart.bars}
    heights = [tall.get(f"day {number}", 0.0) for number in range(len(columns))]
    for (first, a), (second, b) in zip(
        zip(columns, heights, strict=True), zip(columns[1:], heights[1:], strict=True), strict=False
    ):
        # Heights are told to a tenth of a unit.
        assert (first[0] <= second[0]) is (a <= b) or abs(a - b) <= 0.1


def test_parts_of_a_column_stand_on_one_another() -> None:
    lower, upper = chart_of((30.0, 10.0)).bars
    assert lower.y == pytest.approx(upper.y + upper.height, abs=0.2)
    assert lower.height == pytest.approx(3 * upper.height, rel=0.02)


@pytest.mark.parametrize("columns", [(), ((0.0,), (0.0,)), ((0.0, 0.0),)])
def test_nothing_is_a_chart_without_bars_and_with_an_axis(
    columns: tuple[tuple[float, ...], ...],
) -> None:
    chart = chart_of(*columns)
    assert chart.bars == ()
    assert [line.text for line in chart.lines] == ["0", "0.5", "1"]


def test_the_axis_ends_with_a_number_that_can_be_read() -> None:
    assert [line.text for line in chart_of((23.0,)).lines] == ["0", "20", "40"]
    assert [line.text for line in chart_of((1_500.0,)).lines] == ["0", "1,000", "2,000"]


def test_a_title_names_the_day_the_part_and_the_number() -> None:
    chart = stacked_bars(labels=["1 May"], series=[("gpt", [1234.0])], unit="$")
    assert chart.bars[0].title == "1 May, gpt: $1,234"
    assert chart.series == ((1, "gpt"),)


def test_more_series_than_colours_share_the_last_one() -> None:
    chart = chart_of(tuple(1.0 for _ in range(COLOURS + 3)))
    assert [bar.series for bar in chart.bars][-4:] == [COLOURS] * 4
