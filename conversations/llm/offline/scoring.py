"""Which statements answer a question: by the terms that they meet, and by their meaning."""

from collections.abc import Sequence
from itertools import chain
from math import log

import msgspec

from conversations.llm.base import Embed, Passage
from conversations.llm.offline.asked import Asked, met, read_question
from conversations.llm.offline.names import known_names, names_of_all
from conversations.llm.offline.statements import Outline, Statement, read_statements
from conversations.text.analysis import analyse
from conversations.text.language import language_of
from conversations.text.spelling import MISSPELT, words_of

# Statements that are compared by meaning; embedding more of them costs time and changes no answer.
_COMPARED = 14
_LATIN = frozenset({"en", "de", "es", "fr", "pt", "id"})
_CAPITAL_NOUNS = frozenset({"de"})
# Words that name no concept are not expected in documents of another language.
_FOREIGN = 0.3
# A name that nothing found holds weighs as much as so many other terms.
_MISSING_NAME = 2.0


class Scored(msgspec.Struct, frozen=True):
    """A statement with how far it meets the question: `meaning` is a cosine, `coverage` (0 to 1) the
    share of the question's terms, by weight, that it meets, `own` that of those that are no context."""

    statement: Statement
    coverage: float
    own: float
    meaning: float = 0.0
    score: float = 0.0


class Look(msgspec.Struct, frozen=True):
    """What was made of a question and its passages before they are compared."""

    asked: Asked
    scored: list[Scored]
    asked_in: str | None
    written_in: str | None
    # Names among the question's words that the passages know.
    names: frozenset[str] = frozenset()

    @property
    def is_foreign(self) -> bool:
        """Whether the question is in another language than what was found."""
        return None not in (self.asked_in, self.written_in) and self.asked_in != self.written_in


NOTHING = Look(Asked((), goes_on=False), [], None, None)


async def score_statements(question: str, passages: Sequence[Passage], embed: Embed) -> Look:
    """The statements that meet most of the question, best first."""
    look = await analyse(NOTHING, look_at, question, passages)
    if not look.scored:
        return look
    texts = [f"{each.statement.above}\n{each.statement.text}" for each in look.scored]
    vectors = await embed([question, *texts])
    cosines = vectors[1:] @ vectors[0]
    weight = _meaning_weight(look)
    scored = [
        msgspec.structs.replace(
            each, meaning=float(cosine), score=weight * float(cosine) + (1 - weight) * each.coverage
        )
        for each, cosine in zip(look.scored, cosines, strict=True)
    ]
    scored.sort(key=lambda each: -each.score)
    return msgspec.structs.replace(look, scored=scored)


def _meaning_weight(look: Look) -> float:
    """How much the cosine says: the model has read English, and misses what is misspelt."""
    if look.is_foreign or "en" not in (look.asked_in or look.written_in, None):
        written = look.written_in or "en"
        return 0.3 if written in _LATIN else 0.1
    misspelt = any(term.near and max(term.near.values()) == MISSPELT for term in look.asked.own)
    return 0.3 if misspelt else 0.55


def look_at(question: str, passages: Sequence[Passage]) -> Look:
    """Takes question and passages apart; statements that meet most of the terms come first."""
    written = "\n".join(passage.text[:1_000] for passage in passages[:4])
    written_in = language_of(written)
    asked_in = language_of(question.rpartition("\n")[2]) or language_of(question)
    outlines = [Outline(passage) for passage in passages]
    statements = read_statements(outlines)
    vocabulary: set[str] = set()
    for statement in statements:
        vocabulary |= statement.words
    for passage in passages:
        vocabulary |= words_of(f"{passage.title}\n{passage.heading}")
    language = asked_in or written_in
    inflected = language not in ("en", "zh") and written_in not in ("en", "zh")
    asked = read_question(question, vocabulary, language=language, inflected=inflected)
    foreign = bool(asked_in and written_in and asked_in != written_in)
    scored = rate(asked, statements, foreign=foreign) if not asked.names_something_else else []
    names: frozenset[str] = frozenset()
    if written_in not in _CAPITAL_NOUNS:
        names = known_names(chain(*(each.sentences for each in outlines))) - names_of_all(passages)
    return Look(asked, scored[:_COMPARED], asked_in, written_in, names)


def rate(asked: Asked, statements: Sequence[Statement], *, foreign: bool = False) -> list[Scored]:
    """By the weight (inverse document frequency) of the terms that each meets, best first."""
    rows = [
        [met(term, each.words, each.concepts, each.values) for term in asked.terms]
        for each in statements
    ]
    weights = []
    for column, term in enumerate(asked.terms):
        having = sum(row[column] for row in rows)
        weight = term.share * log(1 + len(rows) / (0.5 + having))
        if foreign and not having and not term.concepts:
            weight *= _FOREIGN
        weights.append(weight * _MISSING_NAME if term.is_name and not having else weight)
    total = sum(weights) or 1.0
    own = [
        weight if term.share == 1.0 else 0.0
        for weight, term in zip(weights, asked.terms, strict=True)
    ]
    total_own = sum(own) or 1.0
    scored = [
        Scored(
            each,
            coverage=sum(w * m for w, m in zip(weights, row, strict=True)) / total,
            own=sum(w * m for w, m in zip(own, row, strict=True)) / total_own,
        )
        for each, row in zip(statements, rows, strict=True)
    ]
    scored.sort(key=lambda each: (-each.coverage, each.statement.passage.n, each.statement.at))
    return scored
