"""A question as the terms that an answer should meet. Pure."""

import re
from collections.abc import Set as AbstractSet

import msgspec

from conversations.text.concepts import VALUED, concepts_asked, concepts_of_word
from conversations.text.content import content_words
from conversations.text.spelling import (
    SAME,
    designations,
    join_codes,
    near,
    words_of,
    written_words,
)

# Terms of one question that are looked at: a pasted page is asked for by its first ones.
_MAX_TERMS = 24
# What stands above the question weighs less: it says what the question goes on about.
_CONTEXT_SHARE = 0.4
# A value proves a concept, its word alone names it.
_NAMED, _NAMED_WITHOUT_VALUE = 0.85, 0.6
_MIN_NUMBER = 3
_NUMBER = frozenset({"number", "nr", "num", "nummer", "numero", "no"})
_COMPARES = re.compile(
    r"(?<!\w)(?:or|vs|versus|than|between|compared?|oder|als|zwischen|o|ou|entre|que|или|یا|还是)(?!\w)",
    re.IGNORECASE,
)
_MAY_BE_NO_PRICE = re.compile(r"(?<!\w)how much (?:do|does|to|will|would)(?!\w)", re.IGNORECASE)
_WANTED = frozenset({"price", "weight"})


class Term(msgspec.Struct, frozen=True):
    """A word of the question, with the words of the passages that may stand for it, or concepts that
    its words name. `is_name`: nothing else can be meant by it, as by a code or a capitalised word."""

    word: str
    near: dict[str, float]
    concepts: frozenset[str]
    share: float
    is_name: bool

    @property
    def known(self) -> bool:
        return bool(self.near)


class Asked(msgspec.Struct, frozen=True):
    """`terms` are those of the question and, with a smaller share, of what it goes on about."""

    terms: tuple[Term, ...]
    goes_on: bool
    # Values that an answer must hold, such as a sum for “how much is”.
    wants: frozenset[str] = frozenset()
    # Whether it names things of which each may have a statement of its own.
    compares: bool = False

    @property
    def own(self) -> list[Term]:
        return [term for term in self.terms if term.share == 1.0]

    @property
    def names_something_else(self) -> bool:
        """Another depot's access code is no answer, however near its sentence comes."""
        missing = [term for term in self.own if term.is_name and not term.known]
        return any(not term.concepts for term in missing)


def read_question(
    question: str, vocabulary: AbstractSet[str], *, language: str | None, inflected: bool
) -> Asked:
    """`question` may have what it goes on about on a line above it. `vocabulary` holds the words of the
    passages; `inflected` as for `near`."""
    before, _, asked = question.rpartition("\n")
    own = _terms(asked, vocabulary, language, 1.0, inflected=inflected)
    context: list[Term] = []
    if before:
        share = _CONTEXT_SHARE if own else 1.0
        told = {concept for term in own for concept in term.concepts}
        words = {term.word for term in own if term.word}
        context = [
            term
            for term in _terms(before, vocabulary, language, share, inflected=inflected)
            # “How heavy is it?” asks no longer what it costs.
            if term.word not in words and not (told & VALUED and term.concepts & VALUED)
        ]
    wants = concepts_asked(asked) & _WANTED
    # “How much does it carry?” is asked like a price.
    if "weight" in wants or _MAY_BE_NO_PRICE.search(asked):
        wants -= {"price"}
    return Asked(
        tuple([*own, *context][:_MAX_TERMS]), bool(before), wants, bool(_COMPARES.search(asked))
    )


def _terms(
    text: str,
    vocabulary: AbstractSet[str],
    language: str | None,
    share: float,
    *,
    inflected: bool,
) -> list[Term]:
    found: list[Term] = []
    capitals = _capitals(text, language)
    seen: set[str] = set()
    phrases = concepts_asked(text)
    if phrases:
        found.append(Term("", {}, phrases, share, is_name=False))
    found += [
        # Where the documents have zones A and B, nothing is said of zone C.
        Term(name, dict.fromkeys({name} & vocabulary, SAME), frozenset(), share, is_name=True)
        for name in sorted(designations(text))
        if any(other.startswith(name[:-1]) for other in vocabulary)
    ]
    words = join_codes(content_words(text, language), vocabulary)
    for parts in words:
        # “check-up” where the documents say “check up”.
        whole = [parts[0]] if parts[0] in vocabulary or len(parts) == 1 else [*parts[1:]]
        for word in whole:
            if word in seen:
                continue
            seen.add(word)
            concepts = concepts_of_word(word)
            if concepts & phrases or _says_nothing(word, concepts, phrases):
                continue
            is_name = word in capitals or _is_code(word)
            meets = near(word, vocabulary, inflected=inflected)
            found.append(Term(word, meets, concepts, share, is_name=is_name))
    return found


def _says_nothing(word: str, concepts: frozenset[str], phrases: frozenset[str]) -> bool:
    # The address of a mail is none in a street.
    if "phone" in phrases and word in _NUMBER:
        return True
    return (len(word) == 1 and word.isascii()) or ("email" in phrases and concepts == {"address"})


def _is_code(word: str) -> bool:
    digits = sum(map(str.isdigit, word))
    return digits >= _MIN_NUMBER or (
        0 < digits < len(word) and not word.isdigit() and word[0].isalpha()
    )


def _capitals(text: str, language: str | None) -> frozenset[str]:
    """Words that are capitalised though no sentence begins with them; none in a language that does so
    with every noun, nor where all letters are."""
    if language == "de" or not any(map(str.islower, text)):
        return frozenset()
    found: set[str] = set()
    begins = True
    for word in text.split():
        bare = word.lstrip("([\"'“„«¿¡")
        if not begins and bare[:1].isupper() and bare not in ("I", "I'm", "I'd", "I've"):
            found.update(parts[0] for parts in written_words(bare))
        begins = word.endswith((".", "!", "?"))
    return frozenset(found)


def met(
    term: Term, words: AbstractSet[str], concepts: AbstractSet[str], values: AbstractSet[str]
) -> float:
    """How far a statement with these words, concepts and values meets the term: 0 to 1."""
    if term.concepts & values:
        return SAME
    best = max((far for word, far in term.near.items() if word in words), default=0.0)
    if term.concepts & concepts:
        best = max(best, _NAMED)
    # Who asks for a telephone number is not helped by its name.
    return min(best, _NAMED_WITHOUT_VALUE) if term.concepts & VALUED else best


__all__ = ["Asked", "Term", "met", "read_question", "words_of"]
