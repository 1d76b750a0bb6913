"""Sentences, terms and names, in several scripts."""

import pytest

from conversations.sentences import names, sentences, stem, terms


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Ask Mrs. Tandoori at gate 5. Then go.", ["Ask Mrs. Tandoori at gate 5.", "Then go."]),
        ("Version 3.2 is out. e.g. this one.", ["Version 3.2 is out.", "e.g. this one."]),
        ("A line\nand another", ["A line", "and another"]),
        ("今日は雨です。明日は晴れ。", ["今日は雨です。", "明日は晴れ。"]),
        ("این یک است. آن دو؟ بله", ["این یک است.", "آن دو؟", "بله"]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_they_end(source: str, expected: list[str]) -> None:
    found = sentences(source)
    assert [sentence.text for sentence in found] == expected
    assert all(source[s.start : s.end] == s.text for s in found)


def test_forms_of_a_word_share_a_term() -> None:
    assert stem("deliveries") == stem("delivery") == stem("delivered").replace("deliver", "deliver")
    assert stem("opens") == stem("opening") == stem("opened")
    assert terms("What is the code?") == ["cod"]
    assert terms("3.2 and HX-99182") == ["3.2", "hx-99182"]
    assert terms("雨です") == ["雨で", "です"]


def test_names_are_capitals_and_numbers() -> None:
    assert names("What is the access code of the Zorblatt depot?") == [{"zorblatt"}]
    assert names("Who is Mona Lisa, really?") == [{"mona", "lisa"}]
    assert names("What does the x200 do?") == [{"x200"}]
    assert names("Does it rain?") == []
