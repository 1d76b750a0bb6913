"""The words that a marker leads to, and the statement that it stands for."""

import pytest

from conversations.citations.markers import MarkerParser
from conversations.citations.quotes import Quoter, statement_before
from conversations.llm.base import Passage
from tests.conversations.passages import make_passage


def quote_for(passage: Passage, statement: str, question: str) -> str:
    return Quoter([passage], question).quote_for(1, statement)


def test_a_quote_is_the_sentence_that_carries_the_claim() -> None:
    text = "Cats sleep a lot during the day, as everybody who has one knows well. " * 3
    fact = "The access code of the Zorblatt depot is 48213, and it changes every January."
    quote = quote_for(make_passage(text + fact), "The code is 48213", "What is the code?")
    assert quote == fact


def test_a_quote_is_word_for_word_and_bounded() -> None:
    long = "word " * 400
    quote = quote_for(make_passage(long), "word", "")
    assert len(quote) <= 320
    assert quote.endswith("…")
    assert long.startswith(quote[:-1])
    short = make_passage("It is so. Because we say it.")
    assert quote_for(short, "so", "") == "It is so. Because we say it."
    assert quote_for(make_passage("\n"), "x", "x") == ""


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
    assert quote_for(make_passage(POLICY), claim, "") == quote
    assert quote in POLICY


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("One is so. Two is other ", "Two is other"),
        ("", ""),
        ("A car is red [1]. A bus is blue ", "A bus is blue"),
        ("A car is red. [1] A bus is blue. ", "A bus is blue."),
        # Each half of a sentence has its own source.
        ("Basic costs 4 EUR [1] and Pro costs 9 EUR ", "and Pro costs 9 EUR"),
        ("It is open [1], too ", "It is open, too"),
        ("- Red wine [1]\n- White wine ", "White wine"),
    ],
)
def test_a_marker_stands_for_what_is_said_right_before_it(text: str, statement: str) -> None:
    assert statement_before(text) == statement


def test_three_statements_lead_to_three_quotes() -> None:
    source = (
        "Unused goods go back within 30 days. The workshop is open on weekdays from nine to five. "
        "A gift card is valid for three years."
    )
    answer = (
        "You have 30 days [1]. The workshop opens at nine [1]. Gift cards last three years [1]."
    )
    text, markers = MarkerParser((1,)).feed(answer)
    found = Quoter([make_passage(source)], "What are the rules?").quote_all(text, markers)
    assert [one.quote for one in found] == [
        "Unused goods go back within 30 days.",
        "The workshop is open on weekdays from nine to five.",
        "A gift card is valid for three years.",
    ]
