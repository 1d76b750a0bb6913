"""Names that passages use: what is called so, and nothing else. Pure."""

import re
from collections.abc import Iterable, Sequence

from conversations.llm.base import Passage
from conversations.text.concepts import concepts_of_word
from conversations.text.sentences import Sentence
from conversations.text.spelling import words_of, written_words

_WORD = re.compile(r"[^\W\d_][^\W\d_'’-]{2,40}")
# What a capital says nothing behind: a beginning, a mark, an opening quote.
_BEGINS = re.compile(r"(?:^|[.!?:;|/•*\"“”«(\[—–-])\s*$")
_LOOKED_BACK = 48


def known_names(read: Iterable[Sentence]) -> frozenset[str]:
    """Words, as they are compared, that are capitalised wherever they stand, at least once within a
    sentence and alone: “Royal Mail” and “New Year” have words that mean something. Not for languages
    that write every noun so."""
    capital: set[str] = set()
    small: set[str] = set()
    for sentence in read:
        if sentence.kind == "heading" or sentence.shown.isupper():
            continue
        for match in _WORD.finditer(sentence.shown):
            word = match[0]
            if word[0].islower():
                small.add(word.casefold())
            elif word[0].isupper() and _stands_alone(sentence.shown, match.start(), match.end()):
                capital.add(word.casefold())
    compared = {parts[0] for word in capital - small for parts in written_words(word)[:1]}
    others = {parts[0] for word in small for parts in written_words(word)[:1]}
    return frozenset(word for word in compared - others if not concepts_of_word(word))


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _LOOKED_BACK) : start]
    if _BEGINS.search(before) or text[end + 1 : end + 2].isupper():
        return False
    # The word before it has no capital, or one because a sentence begins with it.
    above, _, previous = before.rstrip().rpartition(" ")
    return not previous[:1].isupper() or _BEGINS.search(above) is not None


def names_of_all(passages: Sequence[Passage]) -> frozenset[str]:
    """What every statement is about: the names in titles and in the headings above all others."""
    tops = {passage.heading.partition(" > ")[0] for passage in passages}
    return words_of("\n".join([*tops, *(passage.title for passage in passages)]))
