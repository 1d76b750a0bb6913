"""What of a message asks something."""

import pytest

from conversations.text.message import questions_in, read_message


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("where are you and is there parking?", ["where are you", "is there parking?"]),
        ("How much is it? How long does it take?", ["How much is it", "How long does it take?"]),
        ("Was kostet es und wie lange dauert es?", ["Was kostet es", "wie lange dauert es?"]),
        ("do you have salt and pepper?", ["do you have salt and pepper?"]),
        ("is it open?", ["is it open?"]),
        ("a? b? c? d?", ["a? b? c? d?"]),
    ],
)
def test_two_questions_are_told_apart(asked: str, parts: list[str]) -> None:
    assert questions_in(asked) == parts


@pytest.mark.parametrize("tag", [", right?", " right?", ", correct?", ", oder?", ", isn't it?"])
def test_a_tag_asks_nothing(tag: str) -> None:
    assert read_message(f"It costs 119{tag}").asked == "It costs 119?"
