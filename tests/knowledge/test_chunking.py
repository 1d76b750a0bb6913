"""The chunker, on any text."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from knowledge.chunking import MAX_CHARACTERS, MAX_GAP, Block, Chunk, collapse_blanks, split

texts = st.text(
    alphabet=st.sampled_from([*"abcde .!?\n\r\t\"')", "\n", "é", "字", "。", "🎉"]),
    max_size=3_000,
)


def whole(text: str) -> list[Chunk]:
    return split(text, [Block(0, len(text), 1, "Guide")])


@given(texts)
def test_a_chunk_is_the_text_between_its_offsets(text: str) -> None:
    for chunk in whole(text):
        assert chunk.text == collapse_blanks(text[chunk.start : chunk.end])
        assert 0 < len(chunk.text) <= MAX_CHARACTERS
        assert chunk.text == chunk.text.strip()


@given(texts)
def test_no_word_is_lost_and_none_is_doubled(text: str) -> None:
    chunks = whole(text)
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(text.split())
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))


@given(texts)
def test_neighbours_can_be_put_together_again(text: str) -> None:
    chunks = whole(text)
    for first, second in pairwise(chunks):
        gap = text[first.end : second.start]
        assert first.gap == (gap if len(gap) <= MAX_GAP else "")


@given(texts)
def test_context_is_what_stands_around(text: str) -> None:
    for chunk in whole(text):
        assert chunk.before == collapse_blanks(text[max(0, chunk.start - 200) : chunk.start])
        assert chunk.after == collapse_blanks(text[chunk.end : chunk.end + 200])
        assert len(chunk.before) <= 200
        assert len(chunk.after) <= 200


def test_long_runs_of_blanks_are_collapsed() -> None:
    (chunk,) = whole("Austria" + " " * 300 + "4.90 EUR")
    assert chunk.text == "Austria 4.90 EUR"
    assert collapse_blanks("a" + " " * 16 + "b" + "\n \t" * 9 + "c") == f"a{' ' * 16}b\n\nc"


def test_sentences_stay_whole() -> None:
    sentence = "This sentence has exactly so many words. "
    chunks = whole(sentence * 30)
    assert all(chunk.text.endswith("words.") for chunk in chunks)
    assert len(chunks[0].text) > MAX_CHARACTERS - len(sentence)


def test_a_blank_line_ends_a_chunk_that_is_long_enough() -> None:
    long, short = "x" * 250 + ".", "y" * 50 + "."
    assert [c.text for c in whole(f"{long}\n\n{short}")] == [long, short]
    assert [c.text for c in whole(f"{short}\n\n{short}")] == [f"{short}\n\n{short}"]


def test_a_closing_quote_stays_with_its_sentence() -> None:
    text = "a" * 300 + ' said "yes." ' + "b" * 300 + "."
    assert whole(text)[0].text.endswith('"yes."')


def test_a_chunk_never_crosses_a_page_or_a_heading() -> None:
    chunks = split("one two", [Block(0, 3, 1, "A"), Block(4, 7, 2, "B")])
    assert [(c.text, c.page, c.heading_path) for c in chunks] == [("one", 1, "A"), ("two", 2, "B")]
    assert chunks[0].embedded_text == "A\none"
