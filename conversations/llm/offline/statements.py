"""The statements of passages: what can be quoted, with where it stands. Pure."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from conversations.llm.base import Passage
from conversations.text.analysis import MAX_ANALYSED
from conversations.text.concepts import VALUED, concepts_asked, concepts_of_word, values_in
from conversations.text.sentences import Sentence, sentences
from conversations.text.spelling import designations, words_of

# A statement that is longer is looked at in windows of so many words, which overlap.
_MAX_STATEMENT, _WINDOW, _STEP = 360, 48, 16
# Fewer words say nothing: "Yes." is read with what follows it.
_MIN_WORDS = 2
_MAX_STATEMENTS = 400


class Outline:
    """A passage's sentences in order, and what belongs together among them."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.text = passage.text[:MAX_ANALYSED]
        self.sentences = sentences(self.text)

    def place(self, sentence: Sentence) -> str:
        """The headings above a sentence: those of the passage's beginning, or one within it."""
        if not sentence.heading:
            return self.passage.heading
        top = self.passage.heading.partition(" > ")[0]
        if top in ("", sentence.heading):
            return sentence.heading
        return f"{top} > {sentence.heading}"

    def group(self, at: int) -> tuple[int, int]:
        """Where the list or table that holds the sentence begins and ends (`range`)."""
        kind, first, last = self.sentences[at].kind, at, at + 1
        while first and self._joined(first - 1, kind):
            first -= 1
        while last < len(self.sentences) and self._joined(last, kind):
            last += 1
        return first, last

    def _joined(self, at: int, kind: str) -> bool:
        return self.sentences[at].kind == kind

    def number(self, at: int) -> int:
        """An item's number as it is written before it, 0 for an item without one."""
        start = self.sentences[at].start
        line = self.text.rfind("\n", 0, start) + 1
        mark = self.text[max(line, start - 8) : start].strip(" \t()>.")
        return int(mark) if mark.isascii() and mark.isdigit() else 0

    def lead(self, first: int) -> int | None:
        """The sentence that introduces what begins there: "We deliver to these countries:"."""
        if not first:
            return None
        before = self.sentences[first - 1]
        return (
            first - 1 if before.kind != "heading" and before.shown.endswith((":", "：")) else None
        )


class Statement(msgspec.Struct, frozen=True, dict=True):
    """Something that can be quoted: the sentence `at` of its outline, or a window of it. `text` is how
    it is shown, `place` where it stands."""

    outline: Outline
    at: int
    text: str
    place: str
    is_window: bool = False

    @property
    def passage(self) -> Passage:
        return self.outline.passage

    @property
    def sentence(self) -> Sentence:
        return self.outline.sentences[self.at]

    @cached_property
    def own_words(self) -> frozenset[str]:
        return words_of(self.text) | designations(self.text)

    @cached_property
    def above(self) -> str:
        """Its headings, and the sentence that introduces its list."""
        if self.sentence.kind not in ("item", "row"):
            return self.place
        lead = self.outline.lead(self.outline.group(self.at)[0])
        return self.place if lead is None else f"{self.place}\n{self.outline.sentences[lead].shown}"

    @cached_property
    def words(self) -> frozenset[str]:
        return self.own_words | words_of(self.above) | designations(self.above)

    @cached_property
    def concepts(self) -> frozenset[str]:
        named = frozenset(name for word in self.words for name in concepts_of_word(word))
        # The address of a mail is none in a street.
        if "email" in named and "address" not in self.values:
            named -= {"address"}
        return named | (concepts_asked(f"{self.above}\n{self.text}") - VALUED)

    @cached_property
    def values(self) -> frozenset[str]:
        return values_in(self.text)


def read_statements(outlines: Sequence[Outline]) -> list[Statement]:
    found: list[Statement] = []
    for outline in outlines:
        for at, sentence in enumerate(outline.sentences):
            if len(found) < _MAX_STATEMENTS and sentence.kind != "heading":
                found.extend(_statements(outline, at, sentence))
    return found


def _statements(outline: Outline, at: int, sentence: Sentence) -> Iterator[Statement]:
    place = outline.place(sentence)
    if len(sentence.shown) > _MAX_STATEMENT and sentence.kind in ("text", "item"):
        for text in _windows(sentence.shown):
            yield Statement(outline, at, text, place, is_window=True)
        return
    statement = Statement(outline, at, sentence.shown, place)
    least = 1 if sentence.kind in ("item", "row", "code") else _MIN_WORDS
    if len(statement.own_words) >= least:
        yield statement


def _windows(text: str) -> Iterator[str]:
    """Stretches of a text in which no mark tells where a sentence ends."""
    words = text.split()
    # One word without blanks may be as long as the passage.
    if len(words) < _WINDOW:
        yield text[:_MAX_STATEMENT]
        return
    for first in range(0, len(words) - _WINDOW + _STEP, _STEP):
        last = first + _WINDOW
        before, after = "… " if first else "", " …" if last < len(words) else ""
        yield before + " ".join(words[first:last])[:_MAX_STATEMENT] + after
