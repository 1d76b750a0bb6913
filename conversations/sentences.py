"""Sentences and the terms in them, for any language, without a model. Pure."""

import re
from functools import lru_cache
from typing import NamedTuple

# After an end mark and a space, at CJK end marks, and at line ends.
_END = re.compile(r"(?<=[.!?…؟।])[\"'”’)\]]?\s+|(?<=[。！？])|\s*\n\s*")
_ABBREVIATION = re.compile(
    r"(?<![^\s(])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|No|Fig|approx|Inc|Ltd|Co)\.$"
)
_WORD = re.compile(r"[^\W_]+(?:[.,:/-]?\d+)*")
_NAME = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SUFFIXES = tuple(
    "'s ’s ations ation ments ment ings ing edly ies ied ers er ed es ly s e y".split(" ")
)

# Words that say how something is asked, not what about.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about above after again all also am an and any are as at be been being but by can could
        did do does doing done for from get give had has have having he her here him his how i if in
        into is it its just know let like many may me might more most much my no not now of on one
        or our out over please say says she should so some such tell than that the their them then
        there these they this those to too under up us was we were what when where which while who
        whom whose why will with would yes you your
        """,
    )
)


class Sentence(NamedTuple):
    """`text` is `source[start:end]`."""

    text: str
    start: int
    end: int


def sentences(source: str) -> list[Sentence]:
    """The sentences of a text, in order, without the blanks around them."""
    found: list[Sentence] = []
    start = 0
    for mark in _END.finditer(source):
        if "\n" not in mark[0] and _ABBREVIATION.search(source, start, mark.start()):
            continue
        _keep(found, source, start, mark.end())
        start = mark.end()
    _keep(found, source, start, len(source))
    return found


def _keep(found: list[Sentence], source: str, start: int, end: int) -> None:
    piece = source[start:end]
    text = piece.strip()
    if text:
        begin = start + len(piece) - len(piece.lstrip())
        found.append(Sentence(text, begin, begin + len(text)))


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without its commonest English endings; other words stay as they are."""
    if len(word) < 4 or not word.isascii():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return (
                stem(word[: -len(suffix)]) if suffix in ("s", "'s", "’s") else word[: -len(suffix)]
            )
    return word


def terms(text: str) -> list[str]:
    """The stemmed words that carry meaning; scripts without spaces give their pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if word in STOP_WORDS:
            continue
        if _CJK.match(word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.append(stem(word))
    return found


def names(question: str) -> list[frozenset[str]]:
    """The terms of each thing that a question names: words that are capitalised (but for the first
    one) or hold a digit, with neighbours together: `{presid, biden}`, `{x200}`."""
    found: list[set[str]] = []
    end = -2
    for position, word in enumerate(_NAME.finditer(question)):
        text = word[0]
        capital = position > 0 and text[0].isupper() and text.casefold() not in STOP_WORDS
        if not capital and not any(character.isdigit() for character in text):
            continue
        if word.start() - end == 1 and found:
            found[-1].update(terms(text))
        else:
            found.append(set(terms(text)))
        end = word.end()
    return [frozenset(name) for name in found if name]
