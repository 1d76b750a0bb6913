"""Markers found while the answer streams, and the words they rest on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.llm.base import Passage
from conversations.turns.citations import CitationParser, claim_before, quote_for
from core.ids import new_id


def parse(pieces: list[str], numbers: tuple[int, ...] = (1, 2, 3)) -> tuple[str, list[int]]:
    parser = CitationParser(numbers)
    shown = ""
    cited: list[int] = []
    for piece in pieces:
        text, found = parser.feed(piece)
        shown, cited = shown + text, cited + found
    text, found = parser.end()
    return shown + text, cited + found


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
        ("[", "[", []),
        ("Line\n[1]", "Line\n[1]", [1]),
    ],
)
def test_markers_are_kept_dropped_or_left_alone(text: str, shown: str, cited: list[int]) -> None:
    assert parse([text]) == (shown, cited)


@given(
    st.lists(
        st.sampled_from(
            ["word", " ", "[1]", "[2, 9]", "[9]", "[", "]", "`", "1", ",", "\n", "(", "é"]
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
    assert parse(pieces) == parse([text])


def passage(text: str) -> Passage:
    return Passage(
        n=1,
        document_id=new_id(),
        title="T",
        url=None,
        page=None,
        heading="",
        text=text,
        similarity=0.5,
        coverage=0.5,
    )


def test_a_quote_is_the_sentence_that_carries_the_claim() -> None:
    text = "Cats sleep a lot during the day, as everybody who has one knows well. " * 3
    fact = "The access code of the Zorblatt depot is 48213, and it changes every January."
    quote = quote_for(passage(text + fact), "The code is 48213", "What is the code?")
    assert quote == fact


def test_a_quote_is_word_for_word_and_bounded() -> None:
    long = "word " * 400
    quote = quote_for(passage(long), "word", "")
    assert len(quote) <= 320
    assert quote.endswith("…")
    assert long.startswith(quote[:-1])
    short = passage("It is so. Because we say it.")
    assert quote_for(short, "so", "") == "It is so. Because we say it."
    assert quote_for(passage("\n"), "x", "x") == ""


POLICY = """Gift cards can not be returned.

## Refunds

Money goes back to the card or
account you paid with.

| Austria | 4.90 EUR |
| Switzerland | 12.50 EUR |
Customs duties
The recipient pays them.
"""


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Gift cards can not be returned.", "Gift cards can not be returned."),
        ("To the card or account", "Money goes back to the card or\naccount you paid with."),
        ("Austria: 4.90 EUR", "Austria | 4.90 EUR"),
        ("Customs duties: The recipient pays", "The recipient pays them."),
    ],
)
def test_a_quote_runs_over_no_heading_and_no_row(claim: str, quote: str) -> None:
    assert quote_for(passage(POLICY), claim, "") == quote
    assert quote in POLICY


def test_the_claim_is_the_last_sentence() -> None:
    assert claim_before("One is so. Two is other ") == "Two is other"
    assert claim_before("") == ""
