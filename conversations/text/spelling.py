"""Words as they are compared: whatever keyboard, case, accent or hyphen they were written with. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from conversations.text.figures import one_form
from conversations.text.stems import stem

# Accents, Arabic vowel signs, and what is not seen.
_UNSEEN = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u00ad\u200b-\u200f\u2060]")
# Letters and signs of one meaning that compatibility forms leave apart.
_SAME = str.maketrans(
    {
        **dict.fromkeys("يىئ", "ی"),
        **dict.fromkeys("كڪ", "ک"),
        **dict.fromkeys("ةەۀ", "ه"),
        "ؤ": "و",
        **dict.fromkeys("أإآٱ", "ا"),
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("’‘ʼ", "'"),
        **dict.fromkeys("\u00a0\u202f\u2009", " "),
        **{chr(zero + n): str(n) for zero in (0x660, 0x6F0, 0x966, 0x9E6) for n in range(10)},
    }
)  # fmt: skip
_WRITTEN = re.compile(r"[^\W_]+(?:[-'.,:/@+&][^\W_]+)*")
# “I” is mostly somebody.
_DESIGNATION = re.compile(r"(?<![^\W_])([^\W\d_]{3,20})[ \u00a0]([A-HJ-Z])(?![\w'’.&-])")
_PART = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_UMLAUTS = re.compile(r"([aou])e")
_JOINED = 4
# A word of so many letters may have one letter wrong, or two.
_ONE_WRONG, _TWO_WRONG = 6, 9
_MAX_WORD = 30
# How far a word of the question is met by another spelling of it.
SAME, INFLECTED, MISSPELT, COMPOUND = 1.0, 0.9, 0.85, 0.75


def fold(text: str) -> str:
    """Without case, accents and forms of a letter.

    >>> fold("ÉTÉ ﬁve ＡＣＭＥ"), fold("كتاب\u200cخانه ۸")
    ('ete five acme', 'کتابخانه 8')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _UNSEEN.sub("", plain)).translate(_SAME)


def written_words(text: str) -> list[tuple[str, ...]]:
    """In order, each word as it is compared, then its parts where it has several.

    >>> written_words("HT-4410-B costs 1,249.50")
    [('ht4410b', 'ht', '4410', 'b'), ('cost',), ('1249.5',)]
    """
    found: list[tuple[str, ...]] = []
    for match in _WRITTEN.finditer(one_form(fold(text))):
        word = match[0]
        if _CJK.match(word):
            # No spaces tell where a word ends there; pairs of characters find it all the same.
            found.extend((word[i : i + 2],) for i in range(max(1, len(word) - 1)))
        else:
            found.append(_compared(word))
    return found


@lru_cache(maxsize=8192)
def _compared(word: str) -> tuple[str, ...]:
    parts = _PART.findall(word)
    if len(parts) == 1:
        return (stem(word),)
    if all(part.isdigit() for part in parts):
        # Times, dates, numbers; of spans each end.
        return (word, *re.split(r"[-/]", word)) if word.count("-") == 1 or "/" in word else (word,)
    if parts[-1] in ("s", "t", "re", "ve", "ll", "d", "m") and "'" in word:
        return (stem("".join(parts[:-1])),)
    whole = "".join(parts)
    return (stem(whole) if whole.isalpha() else whole, *map(stem, parts))


def words_of(text: str) -> frozenset[str]:
    """Everything that a statement can be found by."""
    return frozenset(part for word in written_words(text) for part in word)


def designations(text: str) -> frozenset[str]:
    """What a letter tells apart. Alone it is a word of no meaning, or an article.

    >>> sorted(designations("From Zone A to zone B, as planned."))
    ['zone a', 'zone b']
    """
    return frozenset(fold(" ".join(found.groups())) for found in _DESIGNATION.finditer(text))


def join_codes(
    words: Sequence[tuple[str, ...]], vocabulary: Iterable[str]
) -> list[tuple[str, ...]]:
    """With neighbours that are one code of the vocabulary as one: "ht 4410 b" is HT-4410-B."""
    known = frozenset(vocabulary)
    found: list[tuple[str, ...]] = []
    at = 0
    while at < len(words):
        for count in range(_JOINED, 1, -1):
            code = "".join(word[0] for word in words[at : at + count])
            if code in known and _is_code(code) and at + count <= len(words):
                found.append((code,))
                at += count
                break
        else:
            found.append(words[at])
            at += 1
    return found


def _is_code(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))


def near(word: str, vocabulary: Iterable[str], *, inflected: bool) -> dict[str, float]:
    """The words of the vocabulary that it may stand for, and how far. `inflected`: endings and
    compounds are looked at, for languages whose words no stemmer here knows.

    >>> near("warrenti", ["warranti", "pad"], inflected=False)
    {'warranti': 0.85}
    """
    found: dict[str, float] = {}
    plain = without_umlauts(word)
    for other in vocabulary:
        if other == word or (plain[:1] == other[:1] and plain == without_umlauts(other)):
            found[other] = SAME
        elif inflected and (far := _relation(plain, without_umlauts(other))):
            found[other] = far
    least = _ONE_WRONG + inflected
    if found or not word.isalpha() or not least <= len(word) <= _MAX_WORD:
        return found
    allowed = 2 if len(word) >= _TWO_WRONG else 1
    return {
        other: MISSPELT
        for other in vocabulary
        if other[:1] == word[:1]
        and other.isalpha()
        and abs(len(other) - len(word)) <= allowed
        and _within(word, other, allowed)
    }


@lru_cache(maxsize=8192)
def without_umlauts(word: str) -> str:
    """`ue` as it stands for `ü` where a keyboard has none."""
    return _UMLAUTS.sub(r"\1", word)


def _relation(word: str, other: str) -> float:
    """Another ending, or part of a compound; 0 for neither."""
    short, long = sorted((word, other), key=len)
    # Latin letters tell a stem from five on, Arabic ones, which leave vowels out, from four.
    if len(short) < (5 if short.isascii() else 4) or short.isdigit() or _CJK.match(short):
        return 0.0
    shared = _shared(short, long)
    if shared == len(short) and len(long) - len(short) <= 3:
        return INFLECTED
    if shared >= 5 and shared >= 0.7 * len(long):
        return INFLECTED
    # “impfen”, “Impfung”
    if shared >= 4 and shared >= 0.66 * len(short) and len(long) - len(short) <= 2:
        return COMPOUND
    if len(short) >= 5 and (long.endswith(short) or (shared == len(short) and len(short) >= 6)):
        return COMPOUND
    # “Sportattest” is an “Attest für den Sport”.
    return COMPOUND if len(short) >= 6 and short in long else 0.0


def _shared(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _within(one: str, other: str, allowed: int) -> bool:
    """Whether so many letters wrong, missing, too many or swapped make one word the other."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > allowed:
            return False
        before, above = above, row
    return above[-1] <= allowed
