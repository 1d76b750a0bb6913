"""The offline answerer: it writes nothing of its own, it quotes the passages' best sentences.

It needs no model server. A sentence is relevant when its meaning is near the question's (cosine of
embeddings) and it holds the question's rarer terms. When none is relevant enough, or nothing that
was found holds a name in the question, the answer is that it does not know, without a citation.

The bounds were set on 220 questions with known answers in two documents (90 % are answered), on 99
questions about other things (4 % are) and on made-up facts asked for in other words (all are).
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from math import log

import msgspec
import numpy as np
from numpy.typing import NDArray

from conversations.llm.base import (
    OFFLINE,
    LLMEvent,
    LLMFinish,
    LLMRequest,
    LLMText,
    LLMUsage,
    Passage,
)
from conversations.text.analysis import MAX_ANALYSED, analyse
from conversations.text.sentences import Sentence, names, sentences, terms
from conversations.text.small_talk import small_talk_language
from conversations.text.unknown import DOES_NOT_KNOW

Embed = Callable[[Sequence[str]], Awaitable[NDArray[np.float32]]]
"""Texts to unit vectors, one row each."""

LABEL = "Offline answers: sentences quoted from the documents, no language model"
_GREETINGS = {
    "en": "Hello! I am the offline assistant, a program: ask me something, and I quote the "
    "sentences of the documents here that answer it.",
    "de": "Hallo! Ich bin der Offline-Assistent, ein Programm: Fragen Sie etwas, und ich zitiere "
    "die Sätze der Dokumente hier, die darauf antworten.",
    "es": "¡Hola! Soy el asistente sin conexión (offline), un programa: pregunte algo y citaré las "
    "frases de los documentos que responden.",
    "fr": "Bonjour ! Je suis l'assistant hors ligne (offline), un programme : posez une question "
    "et je cite les phrases des documents qui y répondent.",
    "fa": "سلام! من دستیار آفلاین (offline) هستم، یک برنامه: بپرسید تا جمله‌هایی از اسناد را که "
    "پاسخ می‌دهند نقل کنم.",
}

# Sentences that are compared by meaning; embedding more of them costs time and changes no answer.
_COMPARED = 14
_QUOTED = 3
_MIN_TERMS = 2
_MAX_STATEMENT_LENGTH = 600
# A sentence is relevant from here on, and is quoted beside the best one from that share of it on.
_RELEVANT = 0.395
_NEARLY_BEST = 0.85
_MEANING_WEIGHT = 0.7


class Scored(msgspec.Struct, frozen=True):
    """A sentence of a passage. `text` is how it is shown, `heading` where it stands; `meaning` is a
    cosine, `coverage` and `score` are 0 to 1."""

    passage: Passage
    position: int
    text: str
    heading: str
    coverage: float
    meaning: float = 0.0

    @property
    def score(self) -> float:
        return _MEANING_WEIGHT * self.meaning + (1 - _MEANING_WEIGHT) * self.coverage


class OfflineAnswerer:
    """Answers from the request's passages alone."""

    name = OFFLINE

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        # What was asked last; a line above it is what it follows up.
        language = small_talk_language(request.question.rpartition("\n")[2])
        said = [_GREETINGS[language]] if language else await self._quote(request)
        words, reason = fit(said, request.max_tokens)
        for word in words:
            yield LLMText(word)
        prompt = sum(len(message.content) for message in request.messages)
        yield LLMUsage(tokens_in=-(-prompt // 4), tokens_out=len(words))
        yield LLMFinish(reason)

    async def _quote(self, request: LLMRequest) -> list[str]:
        """The answer's sentences."""
        chosen = choose(await score_sentences(request.question, request.passages, self._embed))
        return [f"“{item.text}” [{item.passage.n}]" for item in chosen] or [DOES_NOT_KNOW]


def fit(said: Sequence[str], limit: int) -> tuple[list[str], str]:
    """The words of as many sentences as have at most `limit`, and why they end ("stop" or
    "length"). A first sentence that is too long is cut between words."""
    kept: list[str] = []
    for number, sentence in enumerate(said):
        words = re.findall(r"\s?\S+", sentence if number == 0 else f" {sentence}")
        if len(kept) + len(words) > limit:
            return kept or words[:limit], "length"
        kept += words
    return kept, "stop"


async def score_sentences(question: str, passages: Sequence[Passage], embed: Embed) -> list[Scored]:
    """The passages' sentences with the most of the question in them, best first."""
    candidates = await analyse([], _candidates, question, passages)
    if not candidates:
        return []
    vectors = await embed([question, *(f"{item.heading}\n{item.text}" for item in candidates)])
    cosines = vectors[1:] @ vectors[0]
    scored = [
        msgspec.structs.replace(item, meaning=float(cosine))
        for item, cosine in zip(candidates, cosines, strict=True)
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


def _candidates(question: str, passages: Sequence[Passage]) -> list[Scored]:
    """The statements with the most of the question's terms, best first, not yet compared; none
    when something is named that is not there."""
    if _names_something_else(question, passages):
        return []
    wanted = set(terms(question))
    pool = [
        (passage, sentence, set(terms(f"{_place(passage, sentence)} {sentence.shown}")))
        for passage in passages
        for sentence in sentences(passage.text[:MAX_ANALYSED])
        if _is_statement(sentence)
    ]
    pool = _about(_follow_up(question), pool)
    weights = {
        term: log(1 + len(pool) / (0.5 + sum(term in has for *_, has in pool))) for term in wanted
    }
    total = sum(weights.values()) or 1.0
    rated = [
        Scored(
            passage=passage,
            position=sentence.start,
            text=sentence.shown,
            heading=_place(passage, sentence),
            coverage=sum(weights[term] for term in wanted & has) / total,
        )
        for passage, sentence, has in pool
    ]
    rated.sort(key=lambda item: (-item.coverage, item.passage.n, item.position))
    return rated[:_COMPARED]


def _place(passage: Passage, sentence: Sentence) -> str:
    """The headings above a sentence: those of the passage's beginning, or one within it."""
    if not sentence.heading:
        return passage.heading
    top = passage.heading.partition(" > ")[0]
    return f"{top} > {sentence.heading}" if top not in ("", sentence.heading) else sentence.heading


def _follow_up(question: str) -> set[str]:
    """What “and for books?” asks about on the line below the question that it follows."""
    before, _, last = question.rpartition("\n")
    asked = set(terms(last))
    return asked if before and len(asked) == 1 else set()


def _about(
    asked: set[str], pool: list[tuple[Passage, Sentence, set[str]]]
) -> list[tuple[Passage, Sentence, set[str]]]:
    """Those that hold what a follow-up asks about, as far as any does."""
    return [entry for entry in pool if asked <= entry[2]] or pool


def _is_statement(sentence: Sentence) -> bool:
    """Headings, rules and fragments answer nothing."""
    if sentence.kind == "heading" or len(sentence.shown) > _MAX_STATEMENT_LENGTH:
        return False
    return len(terms(sentence.shown)) >= _MIN_TERMS
