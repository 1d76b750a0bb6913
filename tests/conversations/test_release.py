"""What is held back of an answer, and where its markers stand then."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversations.citations.markers import MarkerParser
from conversations.citations.release import Release
from conversations.citations.values import Judged, Quoted

# [1] carries its statements and [2] does not.
SUPPORTED = {1: True, 2: False}


def tell(pieces: list[str], release: Release) -> tuple[list[str], list[Judged]]:
    """Each piece that was told, and the markers in all of them."""
    parser, told, markers = MarkerParser((1, 2)), list[str](), list[Judged]()

    def take(text: str, found: list[Judged]) -> None:
        told.append(text)
        markers.extend(found)

    for text, found in (*map(parser.feed, pieces), parser.end()):
        judged = [Judged(Quoted(one, "", ""), SUPPORTED[one.n]) for one in found]
        take(*release.feed(text, judged))
    take(*release.end())
    return told, markers


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("A is so [1]. B is so [2]. C is so [1].", "A is so [1]. (…) C is so [1]."),
        ("A is so [1]. B is so [2]. C is so [2].", "A is so [1]. (…)"),
        ("B is so. [2] C is so. [1]", "(…) C is so. [1]"),
        ("- A [1]\n- B [2]\n- C [1]\n", "- A [1]\n(…)\n- C [1]\n"),
        ("B is so [2].", ""),
        ("B is so [2]. C is so [2].", ""),
        ("Nothing is cited here.", "Nothing is cited here."),
        ("One version 2.5 [1] has no end", "One version 2.5 [1] has no end"),
        ("价格是九十九欧元。[2]退货免费三十天。[1]", "(…)退货免费三十天。[1]"),
        ("The price is 99.\n[2]\nReturns are free [1].", "(…)\nReturns are free [1]."),
        ("Two things:\n- The price is 99\n  [2]\n- Free [1]", "Two things:\n(…)\n- Free [1]"),
        ("The fee is 500 Euro, i.e. for all orders [2]. Fine [1].", "(…) Fine [1]."),
        ("The fee is 500 for Dr. Miller's patients [2]. Fine [1].", "(…) Fine [1]."),
        ("السعر خمسون يورو؟ [2] مجاني. [1]", "(…) مجاني. [1]"),
        ("قیمت پانچ سو ہے۔ [2] مفت ہے۔ [1]", "(…) مفت ہے۔ [1]"),
        ("Bad claim [2].Good claim [1].", "(…)Good claim [1]."),
        (
            "1. Open it [1].\n2. Pay 500 [2].\n3. Close it [1].",
            "1. Open it [1].\n(…)\n3. Close it [1].",
        ),
        ("Two steps. 1. Pay 500 [2]. 2. Close it [1].", "Two steps. (…) 2. Close it [1]."),
    ],
)
def test_what_no_source_carries_is_left_out(answer: str, shown: str) -> None:
    told, markers = tell([answer], Release(withholds=True))
    assert "".join(told).strip() == shown.strip()
    for one in markers:
        n, at = one.quoted.marker
        assert "".join(told)[at:].startswith(f"[{n}]")


@example([". ", "1. ", "Word ", " [2]"], True, False)
@given(
    st.lists(
        st.sampled_from(["Word ", "[1]", " [2]", ". ", "\n", "two", "。", "Dr. ", "`", "1. "]),
        max_size=30,
    ),
    st.booleans(),
    st.booleans(),
)
def test_how_it_comes_makes_no_difference(
    parts: list[str], withholds: bool, needs_source: bool
) -> None:
    def release() -> Release:
        return Release(withholds=withholds, needs_source=needs_source)

    whole, markers = tell(["".join(parts)], release())
    pieces, same = tell(parts, release())
    assert "".join(pieces) == "".join(whole)
    assert same == markers
    text = "".join(whole)
    assert all(text[one.quoted.marker.at] == "[" for one in markers)


def test_nothing_is_told_before_something_is_cited() -> None:
    told, _ = tell(["It may be", " so. ", "A is so [1]", ". B."], Release(needs_source=True))
    assert told[:2] == ["", ""]
    assert "".join(told) == "It may be so. A is so [1]. B."
    told, _ = tell(["It may be so."], Release(needs_source=True))
    assert "".join(told) == ""
    # What is doubtful is cited all the same, unless it is to be left out.
    told, _ = tell(["Invented [2]."], Release(needs_source=True))
    assert "".join(told) == "Invented [2]."
    told, _ = tell(["Invented [2]."], Release(needs_source=True, withholds=True))
    assert "".join(told) == ""


def test_a_text_without_an_end_is_not_kept_for_ever() -> None:
    told, _ = tell(["word" * 100] * 20, Release(withholds=True))
    assert len(max(told, key=len)) > 4_000
