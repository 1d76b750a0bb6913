"""Sentences, terms and names, in several scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.text.sentences import names, plain, sentences, terms, with_links
from conversations.text.stems import stem


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Ask Mrs. Tandoori at gate 5. Then go.", ["Ask Mrs. Tandoori at gate 5.", "Then go."]),
        ("Version 3.2 is out. e.g. this one.", ["Version 3.2 is out.", "e.g. this one."]),
        ("A line\nand another", ["A line\nand another"]),
        ("A line\n\nand another", ["A line", "and another"]),
        ("- Bring\n  a bag\n- Pay", ["Bring\n  a bag", "Pay"]),
        ("> Quoted. And\n> so on.", ["Quoted.", "And\n> so on."]),
        ("今日は雨です。明日は晴れ。", ["今日は雨です。", "明日は晴れ。"]),
        ("این یک است. آن دو؟ بله", ["این یک است.", "آن دو؟", "بله"]),
        (
            "Ask Dr. med. univ. Jonas Krall, Bahnhofstr. 12, at once. Go.",
            ["Ask Dr. med. univ. Jonas Krall, Bahnhofstr. 12, at once.", "Go."],
        ),
        (
            "It opens at 9 a.m. on weekdays and 11 a.m. on Sundays.",
            ["It opens at 9 a.m. on weekdays and 11 a.m. on Sundays."],
        ),
        ("It closes at 5 p.m. We are sorry.", ["It closes at 5 p.m.", "We are sorry."]),
        (
            "Ab dem 3. Mai gilt das bzw. Nr. 4. Danke.",
            ["Ab dem 3. Mai gilt das bzw. Nr. 4.", "Danke."],
        ),
        ("It costs 3. Then go on ...", ["It costs 3.", "Then go on ..."]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_they_end(source: str, expected: list[str]) -> None:
    found = sentences(source)
    assert [sentence.text for sentence in found] == expected
    assert all(source[s.start : s.end] == s.text for s in found)


WRAPPED = """# Returns

You may return most items within 30 days of delivery in
Austria. Books and magazines within **14 days** only, see [here](https://x.example/a(b)).

Lost parcels
Write to us.

Underlined
----------
| Country | Label |
|---------|-------|
| Austria | by e-mail |
"""


def test_lines_wrapped_at_a_width_go_on_and_headings_stand_alone() -> None:
    found = [(one.kind, one.shown, one.heading) for one in sentences(WRAPPED)]
    assert found == [
        ("heading", "Returns", "Returns"),
        ("text", "You may return most items within 30 days of delivery in Austria.", "Returns"),
        ("text", "Books and magazines within 14 days only, see here.", "Returns"),
        ("heading", "Lost parcels", "Lost parcels"),
        ("text", "Write to us.", "Lost parcels"),
        ("heading", "Underlined", "Underlined"),
        ("heading", "", "Underlined"),
        ("row", "Austria — Label: by e-mail", "Underlined"),
    ]


@pytest.mark.parametrize(
    ("table", "read"),
    [
        (
            "Model | Weight\n\nMini | 42 g\n\nMax | 50 g",
            ["Mini — Weight: 42 g", "Max — Weight: 50 g"],
        ),
        ("| Austria | by e-mail | 4.90 EUR |", ["Austria: by e-mail, 4.90 EUR"]),
        ("| a | b |\n|--|--|\n| c | |", ["c"]),
    ],
)
def test_rows_are_read_out(table: str, read: list[str]) -> None:
    assert [one.shown for one in sentences(table) if one.kind == "row"] == read


def test_a_heading_behind_the_paragraph_above_it_stands_alone() -> None:
    text = "It takes three to five working days. Express delivery\nExpress delivery costs 9 EUR."
    assert [(one.kind, one.shown) for one in sentences(text)] == [
        ("text", "It takes three to five working days."),
        ("heading", "Express delivery"),
        ("text", "Express delivery costs 9 EUR."),
    ]


@given(st.text(alphabet="ab. \n\r|-#*>?=`1_[]()", max_size=60))
def test_any_text_has_its_sentences_in_order_and_word_for_word(source: str) -> None:
    end = 0
    for one in sentences(source):
        assert end <= one.start < one.end
        assert source[one.start : one.end] == one.text
        end = one.end


def test_forms_of_a_word_share_a_term() -> None:
    assert stem("deliveries") == stem("delivery")
    assert stem("repairs") == stem("repairing") == stem("repaired")
    assert stem("opens") == stem("opening") == stem("opened")
    assert terms("What is the code?") == ["code"]
    assert terms("3.2 and HX-99182") == ["3.2", "hx-99182"]
    assert terms("雨です") == ["雨で", "です"]


def test_names_are_capitals_and_numbers() -> None:
    assert names("What is the access code of the Zorblatt depot?") == [{"zorblatt"}]
    assert names("Who is Mona Lisa, really?") == [{"mona", "lisa"}]
    assert names("What does the x200 do?") == [{"x200"}]
    assert names("Does it rain?") == []


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("belt AX-\n200 fits", "belt AX-200 fits"),
        ("the KM-77-\nB bolt", "the KM-77-B bolt"),
        ("can-\n  cellation", "cancellation"),
        ("a - b", "a - b"),
        ("well-known", "well-known"),
    ],
)
def test_a_word_that_a_line_has_cut_is_whole_and_a_code_keeps_its_hyphen(
    cut: str, whole: str
) -> None:
    assert plain(cut) == whole


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("See [here](https://a.example/b).", "See [here](https://a.example/b)."),
        ("Mail [us](mailto:a@b.example).", "Mail [us](mailto:a@b.example)."),
        ("See [here](other.md).", "See here."),
        ("See [here](javascript:x()).", "See here."),
        # Which of the two words is the link?
        ("Here or [Here](https://a.example).", "Here or Here."),
        ("See [the *new* page](https://a.example).", "See [the new page](https://a.example)."),
    ],
)
def test_a_link_leads_where_it_led(source: str, shown: str) -> None:
    assert with_links(plain(source), source) == shown


def test_rows_have_the_names_of_their_own_table() -> None:
    source = (
        "## Coats\n\n| Coat | Weight |\n|---|---|\n| Moss | 290 g |\n\nIn stock.\n\n"
        "## Bags\n\n| Bag | Volume |\n|---|---|\n| Skarv | 58 l |"
    )
    rows = [each.shown for each in sentences(source) if each.kind == "row"]
    assert rows == ["Moss — Weight: 290 g", "Skarv — Volume: 58 l"]


def test_a_dash_in_a_cell_is_nothing() -> None:
    row = sentences("| Day | Shop | Phone |\n|---|---|---|\n| Sunday | 10–16 | - |")[-1]
    assert row.shown == "Sunday — Shop: 10–16"


def test_a_sentence_that_goes_on_in_the_next_line_is_no_heading() -> None:
    source = (
        "We take Visa and Mastercard. We no longer take\nAmerican Express. Clubs pay by invoice."
    )
    assert [each.shown for each in sentences(source)] == [
        "We take Visa and Mastercard.",
        "We no longer take American Express.",
        "Clubs pay by invoice.",
    ]
