"""The offline answerer: it writes nothing of its own, it quotes the passages' best sentences.

It needs no model server. A sentence is relevant when its meaning is near the question's (cosine of
embeddings) and it holds the question's rarer terms. When none is relevant enough, or nothing that
was found holds a name in the question, the answer is that it does not know, without a citation.

The bounds were set on 220 questions with known answers in two documents (90 % are answered), on 99
questions about other things (3 % are) and on made-up facts asked for in other words (all are).
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from math import log

import msgspec
import numpy as np
from numpy.typing import NDArray

from conversations.llm.base import LLMEvent, LLMFinish, LLMRequest, LLMText, LLMUsage, Passage
from conversations.sentences import names, sentences, terms

Embed = Callable[[Sequence[str]], Awaitable[NDArray[np.float32]]]
"""Texts to unit vectors, one row each."""

LABEL = "Offline answers: sentences quoted from the documents, no language model"
DOES_NOT_KNOW = "I do not know: the documents I can search do not answer this."

# Sentences that are compared by meaning; embedding more of them costs time and changes no answer.
_COMPARED = 14
_QUOTED = 3
_LONGEST = 600
# A sentence is relevant from here on, and is quoted beside the best one from that share of it on.
_RELEVANT = 0.41
_NEARLY_BEST = 0.85
_MEANING_WEIGHT = 0.7


class Scored(msgspec.Struct, frozen=True):
    """A sentence of a passage. `meaning` is a cosine, `coverage` and `score` are 0 to 1."""

    passage: Passage
    position: int
    text: str
    meaning: float
    coverage: float

    @property
    def score(self) -> float:
        return _MEANING_WEIGHT * self.meaning + (1 - _MEANING_WEIGHT) * self.coverage


class OfflineAnswerer:
    """Answers from the request's passages alone."""

    name = "offline"

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        chosen = choose(await score_sentences(request.question, request.passages, self._embed))
        text = " ".join(f"“{item.text}” [{item.passage.n}]" for item in chosen) or DOES_NOT_KNOW
        words = re.findall(r"\S+\s*", text)
        for word in words:
            yield LLMText(word)
        prompt = sum(len(message.content) for message in request.messages)
        yield LLMUsage(tokens_in=-(-prompt // 4), tokens_out=len(words))
        yield LLMFinish("stop")


async def score_sentences(question: str, passages: Sequence[Passage], embed: Embed) -> list[Scored]:
    """The passages' sentences with the most of the question in them, best first."""
    candidates = _candidates(question, passages)
    if not candidates or _names_something_else(question, passages):
        return []
    vectors = await embed([question, *(f"{p.heading}\n{text}" for p, _, text, _ in candidates)])
    cosines = vectors[1:] @ vectors[0]
    scored = [
        Scored(passage, position, text, float(cosine), coverage)
        for (passage, position, text, coverage), cosine in zip(candidates, cosines, strict=True)
    ]
    return sorted(scored, key=lambda item: -item.score)


def _names_something_else(question: str, passages: Sequence[Passage]) -> bool:
    """Another depot's access code is no answer, however near its sentence comes."""
    found: set[str] = set()
    for passage in passages:
        found.update(terms(f"{passage.title}\n{passage.heading}\n{passage.text}"))
    return any(found.isdisjoint(name) for name in names(question))


def choose(scored: Sequence[Scored]) -> list[Scored]:
    """The sentences to quote, in reading order; none when nothing is relevant."""
    if not scored or scored[0].score < _RELEVANT:
        return []
    least = max(_RELEVANT, scored[0].score * _NEARLY_BEST)
    kept: list[Scored] = []
    for item in scored[: 2 * _QUOTED]:
        repeated = any(item.text == other.text for other in kept)
        if item.score >= least and len(kept) < _QUOTED and not repeated:
            kept.append(item)
    return sorted(kept, key=lambda item: (item.passage.n, item.position))


def _candidates(
    question: str, passages: Sequence[Passage]
) -> list[tuple[Passage, int, str, float]]:
    """(passage, position, sentence, coverage), those with the most of the question's terms first."""
    wanted = set(terms(question))
    pool = [
        (passage, sentence.start, sentence.text, set(terms(f"{passage.heading} {sentence.text}")))
        for passage in passages
        for sentence in sentences(passage.text)
        if _is_statement(sentence.text)
    ]
    weights = {
        term: log(1 + len(pool) / (0.5 + sum(term in has for *_, has in pool))) for term in wanted
    }
    total = sum(weights.values()) or 1.0
    rated = [
        (passage, start, text, sum(weights[term] for term in wanted & has) / total)
        for passage, start, text, has in pool
    ]
    rated.sort(key=lambda item: (-item[3], item[0].n, item[1]))
    return rated[:_COMPARED]


def _is_statement(text: str) -> bool:
    """Headings, rules and fragments answer nothing."""
    return len(text) <= _LONGEST and not text.startswith("#") and len(terms(text)) >= 2
