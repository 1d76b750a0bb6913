"""Whether passages carry the statement that cites them: by words and figures, and by meaning in doubt.

The bounds were set on 62 statements that follow from a passage and 40 that do not, in four languages;
`tests/conversations/support` holds them.
"""

import re
from collections.abc import Sequence

from conversations.citations.figures import figures, parts_of, with_parts
from conversations.citations.source import Source
from conversations.citations.values import Evidence
from conversations.llm.base import Embed
from conversations.text.language import language_of
from conversations.text.sentences import names, terms

# The share of a statement's terms that its passages hold: from here on it is carried, below the other it
# is not, and between them meaning decides, together with that share.
CARRIED, DOUBTFUL = 0.5, 0.15
MEANT = 1.0
# What a name that stands nowhere in the passages takes off.
_STRANGE_NAME = 0.3
_COMPARED = 4
_CONTRACTION = re.compile(r"n['’]t\b|['’](?:s|re|ve|ll|d|m)\b")


def weigh(statement: str, sources: Sequence[Source], known: str = "") -> Evidence:
    """Looks for the statement's words and figures in these sources. `known` is text whose names and
    figures need none: the question, the chatbot's name."""
    if _has_strange_figure(statement, sources, known):
        return Evidence(False)
    language = language_of(statement)
    if language and all(one.language not in (None, language) for one in sources):
        # Words say nothing across languages, nor does a model that knows one.
        return Evidence(True)
    wanted = {term for term in terms(_CONTRACTION.sub("", statement)) if term.isalpha()}
    has = set[str]().union(*(one.terms for one in sources))
    if not wanted:
        return Evidence(True)
    share = len(wanted & has) / len(wanted)
    strange = _has_strange_name(statement, has | set(terms(known)), language)
    if share >= CARRIED and not strange:
        return Evidence(True, share)
    if share < DOUBTFUL:
        return Evidence(False, share)
    share -= _STRANGE_NAME * strange
    return Evidence(None, share, _nearest(wanted, sources))


async def decide(statement: str, evidence: Evidence, embed: Embed | None) -> bool:
    """Whether the statement is carried; in doubt its meaning is compared, with `embed` None it is not
    and the statement is believed."""
    if evidence.carried is not None:
        return evidence.carried
    if embed is None or not evidence.candidates:
        return True
    vectors = await embed([statement, *evidence.candidates])
    return evidence.share + float((vectors[1:] @ vectors[0]).max()) >= MEANT


def _has_strange_figure(statement: str, sources: Sequence[Source], known: str) -> bool:
    stated = figures(statement)
    if not stated:
        return False
    there = with_parts(figures(known)).union(*(one.figures for one in sources))
    for figure in stated - there:
        parts = set(parts_of(figure))
        # A month may be a word there, and a full hour have no minutes.
        if not parts or len(parts - there) > 1:
            return True
    return False


def _has_strange_name(statement: str, has: set[str], language: str | None) -> bool:
    # Every noun is capitalised there.
    if language == "de":
        return False
    return any(has.isdisjoint(name) for name in names(statement) if any(map(str.isalpha, name)))


def _nearest(wanted: set[str], sources: Sequence[Source]) -> tuple[str, ...]:
    found = [
        (len(wanted & has), f"{each.passage.title}\n{one.heading}\n{one.shown}")
        for each in sources
        for one, has in zip(each.sentences, each.sentence_terms, strict=True)
    ]
    found.sort(key=lambda rated: -rated[0])
    return tuple(text for _, text in found[:_COMPARED])
