"""The words of a passage that a marker leads to: those that best carry the statement before it. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from conversations.citations.markers import side_by_side
from conversations.citations.source import Source
from conversations.citations.support import weigh
from conversations.citations.values import Marker, Quoted
from conversations.llm.base import Passage
from conversations.text.sentences import Sentence, sentences, terms

_MARKER = re.compile(r"[^\S\n]?\[\d{1,3}\]")
_QUOTE_LENGTH = 320
# What is shorter says little without the sentence after it.
_SHORT = 30
# A statement ends where its marker stands, and begins no further before it than this.
_LOOKED_BACK = 600
# What stands between two markers of one sentence is a statement of its own, from so many terms on.
_MIN_TERMS = 2


class Quoter:
    """Finds quotes for one answer. Each passage is taken apart once. `known` is what the answer may name
    without a source, next to the question: who answers, and how."""

    def __init__(self, passages: Sequence[Passage], question: str, known: str = "") -> None:
        self._sources = {passage.n: Source(passage) for passage in passages}
        self._question, self._known = question, f"{question}\n{known}"

    def quote_all(self, text: str, markers: Sequence[Marker]) -> list[Quoted]:
        """What each of these markers of the text leads to."""
        quoted: list[Quoted] = []
        for group in side_by_side(markers):
            statement = statement_before(text[: group[0].at])
            # Two passages may carry it together.
            cited = [self._sources[n] for n in dict.fromkeys(one.n for one in group)]
            evidence = weigh(statement, cited, self._known)
            for marker in group:
                quote = self.quote_for(marker.n, statement)
                quoted.append(Quoted(marker, statement, quote, evidence))
        return quoted

    def first_words(self, markers: Sequence[Marker]) -> list[Quoted]:
        """The same where nothing better is known."""
        return [Quoted(one, "", first_words(self._sources[one.n].passage)) for one in markers]

    def quote_for(self, n: int, statement: str) -> str:
        """The sentence or two of passage `n` that best carry the statement, word for word."""
        source = self._sources[n]
        if not source.sentences:
            return first_words(source.passage)
        wanted = Counter(terms(statement))
        wanted.update(dict.fromkeys(terms(self._question), 1))
        overlaps = [_overlap(has, wanted) for has in source.sentence_terms]
        return _stretch(source.passage.text, source.sentences, overlaps.index(max(overlaps)))


def first_words(passage: Passage) -> str:
    """A quote where nothing better is known."""
    return passage.text.strip()[:_QUOTE_LENGTH]


def statement_before(text: str) -> str:
    """What a marker at the end of this text of an answer stands for: the sentence that ends here, or
    what of it comes after the marker before."""
    found = sentences(text[-_LOOKED_BACK:])
    last = found[-1].text if found else ""
    parts = [part for part in _MARKER.split(last) if len(terms(part)) >= _MIN_TERMS]
    return parts[-1].strip() if parts else _MARKER.sub("", last).strip()


def _overlap(has: set[str], wanted: Counter[str]) -> float:
    common = sum(wanted[term] * (1.0 if term.isalpha() else 2.0) for term in has & wanted.keys())
    # A long sentence holds more words of anything.
    return common / (1.0 + 0.15 * log(1 + len(has)))


def _stretch(source: str, found: list[Sentence], index: int) -> str:
    """The chosen sentence, with the next one of its paragraph while both stay short."""
    first = found[index]
    if len(first.text) > _QUOTE_LENGTH:
        return first.text[: _QUOTE_LENGTH - 1].rstrip() + "…"
    if len(first.text) < _SHORT and index + 1 < len(found):
        following = found[index + 1]
        if following.block == first.block and following.end - first.start <= _QUOTE_LENGTH:
            return source[first.start : following.end]
    return first.text
