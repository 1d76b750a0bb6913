"""Markers found while the answer streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.citations.markers import MOST_MARKERS, MarkerParser, side_by_side
from conversations.citations.values import Marker


def parse(pieces: list[str], numbers: tuple[int, ...] = (1, 2, 3)) -> tuple[str, list[Marker]]:
    parser = MarkerParser(numbers)
    shown = ""
    markers: list[Marker] = []
    for piece in pieces:
        text, found = parser.feed(piece)
        shown, markers = shown + text, markers + found
    text, found = parser.end()
    return shown + text, markers + found


@pytest.mark.parametrize(
    ("text", "shown", "cited"),
    [
        ("Yes [1].", "Yes [1].", [1]),
        ("Yes[2]", "Yes[2]", [2]),
        ("Yes [1][3].", "Yes [1][3].", [1, 3]),
        ("Yes [1, 3].", "Yes [1][3].", [1, 3]),
        ("Yes [9].", "Yes.", []),
        ("Yes [1,9].", "Yes [1].", [1]),
        ("Yes [0] or [999].", "Yes or.", []),
        ("In [2024] it was.", "In [2024] it was.", []),
        ("A [link] and [1](http://x).", "A [link] and [1](http://x).", []),
        ("Code `a[1]` and [1].", "Code `a[1]` and [1].", [1]),
        ("```\na[9] = b[1]\n```\nThen [2].", "```\na[9] = b[1]\n```\nThen [2].", [2]),
        ("An open [1", "An open [1", []),
        ("A key ` and [2]. None [9].", "A key ` and [2]. None.", [2]),
        ("~~~\nb[2]\n~~~\nThen [2].", "~~~\nb[2]\n~~~\nThen [2].", [2]),
        ("In `` a ` [1] `` and [1].", "In `` a ` [1] `` and [1].", [1]),
        ("`open [1]\nnext [2]", "`open [1]\nnext [2]", [1, 2]),
        ("A range [0, 1] and x[7].", "A range [0, 1] and x[7].", []),
        (
            "Yes [1, 2, 3, 1, 2, 3, 1, 2, 3].",
            "Yes" + " [1][2][3]" + "[1][2][3]" * 2 + ".",
            [1, 2, 3] * 3,
        ),
        ("[", "[", []),
        ("Line\n[1]", "Line\n[1]", [1]),
    ],
)
def test_markers_are_kept_dropped_or_left_alone(text: str, shown: str, cited: list[int]) -> None:
    told, markers = parse([text])
    assert (told, [marker.n for marker in markers]) == (shown, cited)


@given(
    st.lists(
        st.sampled_from(
            [
                "word",
                " ",
                "[1]",
                "[2, 9]",
                "[9]",
                "[",
                "]",
                "`",
                "```",
                "~~~",
                "1",
                ",",
                "\n",
                "(",
                "é",
            ]
        ),
        max_size=30,
    ).map("".join),
    st.lists(st.integers(1, 5), min_size=1, max_size=60),
)
def test_how_the_text_is_cut_makes_no_difference(text: str, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    pieces.append(text[at:])
    shown, markers = parse(pieces)
    assert (shown, markers) == parse([text])
    for n, place in markers:
        assert shown[place:].startswith(f"[{n}]")


def test_a_model_that_repeats_itself_is_followed_so_far() -> None:
    shown, markers = parse(["Yes [1]. "] * (MOST_MARKERS + 50))
    assert len(markers) == MOST_MARKERS
    assert shown.count("[1]") == MOST_MARKERS


def test_markers_of_one_statement_are_told_together() -> None:
    parser = MarkerParser((1, 2))
    assert parser.feed("It is so [1]") == ("It is so", [])
    assert parser.feed("[2") == ("", [])
    shown, markers = parser.feed("]. More")
    assert shown == " [1][2]. More"
    assert side_by_side(markers) == [[Marker(1, 9), Marker(2, 12)]]
    assert side_by_side([Marker(1, 0), Marker(2, 4), Marker(1, 9)]) == [
        [Marker(1, 0), Marker(2, 4)],
        [Marker(1, 9)],
    ]
