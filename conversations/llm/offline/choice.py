"""Which statements are quoted. Pure."""

from collections.abc import Sequence

from conversations.llm.base import Passage
from conversations.llm.offline.asked import Asked, Term, met
from conversations.llm.offline.scoring import Look, Scored
from conversations.llm.offline.statements import Outline, Statement, read_statements
from conversations.llm.offline.whole import Whole, make_list, make_table, make_whole
from conversations.text.concepts import values_in

_QUOTED = 3
# A statement is relevant from here on, and is quoted beside the best one from that share of it on.
_RELEVANT = 0.395
_NEARLY_BEST = 0.88
# Of the question's own terms this share has to be met, however near the meaning is.
_LEAST_OWN = 0.1
_CONTACTS = 3
# So many rows of a table or items of a list, and half of them, stand for the whole.
_MANY, _MOST = 3, 12
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
    nearly = [
        each
        for each in relevant
        if each.score >= best.score * _NEARLY_BEST and each.own >= best.own - 0.05
    ]
    if group := _whole_group(nearly):
        return [group]
    if look.asked.compares and (sides := _sides(relevant, look)):
        nearly = sides
    kept: list[Whole] = []
    for each in nearly[: 2 * _QUOTED]:
        whole = make_whole(each.statement, look.asked)
        if len(kept) < _QUOTED and not look.asked.wants - values_in(whole.text):
            _keep(kept, whole)
    return sorted(kept, key=lambda whole: (whole.outline.passage.n, whole.first))


def _sides(relevant: Sequence[Scored], look: Look) -> list[Scored]:
    """What is said best of each of the things that are compared."""
    found: list[Scored] = []
    for term in look.asked.own:
        if term.near.keys() & look.names:
            about = (each for each in relevant if _meets(term, each.statement))
            found += [each for each in [next(about, None)] if each and each not in found]
    return found


def _whole_group(nearly: Sequence[Scored]) -> Whole | None:
    """The table or list of which so many rows or items answer that all of them do: “hours?”, “the
    warmest one?”, “which countries?”."""
    best = nearly[0].statement
    if best.sentence.kind not in ("row", "item"):
        return None
    first, last = best.outline.group(best.at)
    same = [each for each in nearly if each.statement.outline is best.outline]
    within = sum(first <= each.statement.at < last for each in same)
    count = last - first
    if within < _MANY or within * 2 < count or count > _MOST:
        return None
    make = make_table if best.sentence.kind == "row" else make_list
    return make(best.outline, first, last)


def _keep(kept: list[Whole], whole: Whole) -> None:
    if any(other.holds(whole) or other.text == whole.text for other in kept):
        return
    kept[:] = [other for other in kept if not whole.holds(other)]
    kept.append(whole)


def is_relevant(scored: Scored, look: Look) -> bool:
    """Whether the statement answers: `own` tells whether a follow-up's own words are met at all."""
    if look.asked.own and scored.own < _LEAST_OWN:
        return False
    return scored.score >= _RELEVANT and _is_about(scored.statement, look)


def _is_about(statement: Statement, look: Look) -> bool:
    """Whether it is about what the question names, and says more of it than the name."""
    named = [term for term in look.asked.own if term.near.keys() & look.names]
    needed = any if look.asked.compares else all
    if named and not needed(_meets(term, statement) for term in named):
        return False
    # A number is mostly a part of the name: “Wren 2”.
    others = [term for term in look.asked.own if term not in named and not term.word.isdigit()]
    return not named or not others or any(_meets(term, statement) for term in others)


def _meets(term: Term, statement: Statement) -> bool:
    return met(term, statement.words, statement.concepts, statement.values) > 0


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
