"""Citations: `[n]` markers found while the answer streams, and the words each rests on. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from conversations.llm.base import Passage
from conversations.text.analysis import MAX_ANALYSED
from conversations.text.sentences import Sentence, sentences, terms

_MARKER = re.compile(r"([^\S\n]?)\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()")
# The end of a piece that may be the beginning of a marker (or of what tells it from a link).
_UNDECIDED = re.compile(r"[^\S\n]?(?:\[[\d,\s]{0,24}\]?)?$")
_QUOTE_LENGTH = 320


class CitationParser:
    """Reads the answer piece by piece.

    Markers of passages that were given are kept (`[1, 3]` becomes `[1][3]`), markers of others are
    dropped from the text. Code between backticks is left alone: `a[1]` there is an index.
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = frozenset(numbers)
        self._held = ""
        self._in_code = False

    def feed(self, piece: str) -> tuple[str, list[int]]:
        """The text that can be shown now and the numbers cited in it, in order, repetitions kept."""
        text = self._held + piece
        cut = _UNDECIDED.search(text)
        at = cut.start() if cut else len(text)
        self._held = text[at:]
        # A marker may come in pieces; half of one must not be shown.
        return self._decide(text[:at])

    def end(self) -> tuple[str, list[int]]:
        """What was still held back."""
        text, self._held = self._held, ""
        return self._decide(text)

    def _decide(self, text: str) -> tuple[str, list[int]]:
        cited: list[int] = []
        shown: list[str] = []
        for position, part in enumerate(text.split("`")):
            if position:
                shown.append("`")
                self._in_code = not self._in_code
            shown.append(part if self._in_code else self._keep_valid(part, cited))
        return "".join(shown), cited

    def _keep_valid(self, part: str, cited: list[int]) -> str:
        def replace(marker: re.Match[str]) -> str:
            valid = [n for n in map(int, marker[2].split(",")) if n in self._numbers]
            cited.extend(valid)
            return marker[1] + "".join(f"[{n}]" for n in valid) if valid else ""

        return _MARKER.sub(replace, part)


def quote_before(passage: Passage, text: str, question: str) -> str:
    """What of the passage carries the claim with which this text of an answer ends."""
    return quote_for(passage, claim_before(text), question)


def first_words(passage: Passage) -> str:
    """A quote where nothing better is known."""
    return passage.text.strip()[:_QUOTE_LENGTH]


def quote_for(passage: Passage, claim: str, question: str) -> str:
    """The sentence or two of the passage that best carry the claim, word for word."""
    # A heading proves nothing; it only says what follows.
    found = [one for one in sentences(passage.text[:MAX_ANALYSED]) if one.kind != "heading"]
    if not found:
        return first_words(passage)
    wanted = Counter(terms(claim))
    wanted.update(dict.fromkeys(terms(question), 1))
    best = max(range(len(found)), key=lambda i: (_overlap(found[i], wanted), -i))
    return _stretch(passage.text, found, best)


def _overlap(sentence: Sentence, wanted: Counter[str]) -> float:
    has = set(terms(sentence.shown))
    common = sum(wanted[term] * (1.0 if term.isalpha() else 2.0) for term in has & wanted.keys())
    # A long sentence holds more words of anything.
    return common / (1.0 + 0.15 * log(1 + len(has)))


def _stretch(source: str, found: list[Sentence], index: int) -> str:
    """The chosen sentence, with the next one of its paragraph while both stay short."""
    first = found[index]
    if len(first.text) > _QUOTE_LENGTH:
        return first.text[: _QUOTE_LENGTH - 1].rstrip() + "…"
    if len(first.text) < 60 and index + 1 < len(found):
        following = found[index + 1]
        if following.block == first.block and following.end - first.start <= _QUOTE_LENGTH:
            return source[first.start : following.end]
    return first.text


def claim_before(text: str) -> str:
    """The sentence of the answer that ends here: what a marker at this place stands for."""
    found = sentences(text[-600:])
    return found[-1].text if found else ""
