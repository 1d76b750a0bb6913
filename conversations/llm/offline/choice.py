"""Which statements are quoted. Pure."""

from collections.abc import Sequence

from conversations.llm.base import Passage
from conversations.llm.offline.asked import Asked
from conversations.llm.offline.scoring import Look, Scored
from conversations.llm.offline.statements import Outline, Statement, read_statements
from conversations.llm.offline.whole import Whole, make_whole

_QUOTED = 3
# A statement is relevant from here on, and is quoted beside the best one from that share of it on.
_RELEVANT = 0.395
_NEARLY_BEST = 0.88
# Of the question's own terms this share has to be met, however near the meaning is.
_LEAST_OWN = 0.1
_CONTACTS = 3
_CONTACT = frozenset({"phone", "email", "contact", "support"})


def choose(look: Look) -> list[Whole]:
    """What to quote, in reading order; nothing when no statement is relevant."""
    if wanted := _contact_wanted(look.asked):
        outlines = list(dict.fromkeys(each.statement.outline for each in look.scored))
        if contact := contacts(outlines, wanted)[:1]:
            return contact
    relevant = [each for each in look.scored if is_relevant(each, look)]
    if not relevant:
        return []
    best = relevant[0]
    kept: list[Whole] = []
    for each in relevant[: 2 * _QUOTED]:
        near = each.score >= best.score * _NEARLY_BEST and each.own >= best.own - 0.05
        if near and len(kept) < _QUOTED:
            _keep(kept, make_whole(each.statement, look.asked))
    return sorted(kept, key=lambda whole: (whole.outline.passage.n, whole.first))


def _keep(kept: list[Whole], whole: Whole) -> None:
    if any(other.holds(whole) or other.text == whole.text for other in kept):
        return
    kept[:] = [other for other in kept if not whole.holds(other)]
    kept.append(whole)


def is_relevant(scored: Scored, look: Look) -> bool:
    """Whether the statement answers: `own` tells whether a follow-up's own words are met at all."""
    if look.asked.own and scored.own < _LEAST_OWN:
        return False
    return scored.score >= _RELEVANT


def choose_contact(passages: Sequence[Passage]) -> list[Whole]:
    """Telephone and mail as the passages name them."""
    return contacts([Outline(passage) for passage in passages], frozenset({"phone", "email"}))


def _contact_wanted(asked: Asked) -> frozenset[str]:
    """What is asked for where nothing but a number or an address is: “email?”, “phone number”."""
    named = [term.concepts & _CONTACT for term in asked.terms]
    return frozenset().union(*named) & {"phone", "email"} if all(named) else frozenset()


def contacts(outlines: Sequence[Outline], wanted: frozenset[str]) -> list[Whole]:
    """Statements that hold a value that is wanted, in reading order; of many those that say most."""
    nothing = Asked((), goes_on=False)
    named = [each for each in read_statements(outlines) if each.values & wanted]
    named.sort(key=lambda each: -_contact_rank(each))
    kept: list[Whole] = []
    for each in named[:_CONTACTS]:
        _keep(kept, make_whole(each, nothing))
    return kept


def _contact_rank(statement: Statement) -> int:
    place = _CONTACT & statement.concepts
    return len(place) + 2 * len({"phone", "email"} & statement.values) - len(statement.text) // 120
