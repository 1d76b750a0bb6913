"""Comparisons of ledgers. Each gives a sentence for every entry that does not agree, none when all do."""

from collections import Counter
from collections.abc import Callable, Iterator

from bench.drill.storm.ledger import Call, Ledgers, StoredTurn
from bench.drill.storm.sizes import DOCUMENT_SECONDS

# Attempts of one answer before its first text.
MOST_CALLS = 3
_ENDS = {"completed", "stopped", "interrupted", "failed"}


def lost_turns(ledgers: Ledgers) -> Iterator[str]:
    """What was acknowledged is there and has ended; nothing else is left running either."""
    turns = ledgers.turn_of()
    for told in ledgers.told:
        if told.turn_id and told.turn_id not in turns:
            yield f"{told.mark}: acknowledged as {told.turn_id}, and not there"
    for turn in ledgers.turns:
        if turn.status not in _ENDS:
            yield f"{turn.mark}: left {turn.status}"


def untold_ends(ledgers: Ledgers) -> Iterator[str]:
    """Every client with an acknowledged turn was told an end, without a gap or a repeat before it."""
    for told in ledgers.told:
        if told.turn_id and not told.status:
            yield f"{told.mark}: its client was told no end ({told.refusal or 'silence'})"
        for fault in told.faults:
            yield f"{told.mark}: {fault}"


def untrue_answers(ledgers: Ledgers) -> Iterator[str]:
    """What a client was told is complete is what is stored and what the provider sent, to the byte."""
    turns, calls = ledgers.turn_of(), ledgers.calls_of()
    for told in ledgers.told:
        if told.status != "completed" or told.turn_id not in turns:
            continue
        replies = turns[told.turn_id].replies
        if [(each.status, each.text) for each in replies] != [("completed", told.text)]:
            yield f"{told.mark}: told as complete, and stored otherwise"
        if told.text not in [call.text for call in calls.get(told.mark, ()) if call.finished]:
            yield f"{told.mark}: told as complete, and not what the provider sent"


def half_answers(ledgers: Ledgers) -> Iterator[str]:
    """What the provider has not finished is complete nowhere; what is kept of it, it has sent."""
    turns, calls = ledgers.turn_of(), ledgers.calls_of()
    for told in ledgers.told:
        if told.status == "completed" and not _finished(calls, told.mark):
            yield f"{told.mark}: half an answer was told as complete"
        stored = turns.get(told.turn_id)
        if stored is not None and told.status and (told.status == "completed") != _whole(stored):
            yield f"{told.mark}: told as {told.status}, and stored as {stored.status}"
    for turn in ledgers.turns:
        if _whole(turn) and not _finished(calls, turn.mark):
            yield f"{turn.mark}: half an answer is stored as complete"
        sent = [call.text for call in calls.get(turn.mark, ())]
        for reply in turn.replies:
            if reply.text and not any(text.startswith(reply.text) for text in sent):
                yield f"{turn.mark}: something is stored that the provider never sent"


def half_turns(ledgers: Ledgers) -> Iterator[str]:
    """A turn is stored whole: its question, and with a complete one exactly its reply."""
    asked = {told.mark: told.question for told in ledgers.told}
    for turn in ledgers.turns:
        said = [each.text for each in turn.messages if each.role == "visitor"]
        if said != [asked.get(turn.mark, said[0] if said else "")]:
            yield f"{turn.mark}: stored without its question"
        replies = [each.status for each in turn.replies]
        if replies not in ([[turn.status]] if _whole(turn) else [[], [turn.status]]):
            yield f"{turn.mark}: {turn.status}, with replies {replies}"


def wrong_charges(ledgers: Ledgers) -> Iterator[str]:
    """One record for each turn that is charged and none for another; of a whole answer its tokens are
    those that the provider told."""
    calls = ledgers.calls_of()
    records = Counter(charge.turn_id for charge in ledgers.charges)
    tokens = {charge.turn_id: charge.tokens for charge in ledgers.charges}
    for turn in ledgers.turns:
        count, wanted = records.pop(turn.id, 0), int(_is_charged(turn))
        if count != wanted:
            yield f"{turn.mark} ({turn.status}): {count} usage records, and not {wanted}"
        elif _whole(turn):
            told = [call.tokens for call in calls.get(turn.mark, ()) if call.finished]
            if tokens[turn.id] not in told:
                yield f"{turn.mark}: charged {tokens[turn.id]}, the provider told {told}"
    for turn_id in records:
        yield f"{turn_id}: charged, and there is no such turn"


def wrong_sums(ledgers: Ledgers) -> Iterator[str]:
    """Nothing is held any more, and month and days say what the records add up to."""
    for books in ledgers.books:
        if books.holds or books.held[0] or float(books.held[1]):
            yield f"{books.tenant}: {books.holds} holds are left, and {books.held} is held"
        if not books.month == books.days == books.records:
            yield f"{books.tenant}: {books.month}, {books.days} and {books.records} were used"


def second_generations(ledgers: Ledgers) -> Iterator[str]:
    """One answer is generated for a turn: no call follows one that sent text."""
    for mark, calls in ledgers.calls_of().items():
        if len(calls) > MOST_CALLS:
            yield f"{mark}: {len(calls)} calls"
        if any(call.text for call in calls[:-1]):
            yield f"{mark}: generated again after text had come"


def lost_documents(ledgers: Ledgers) -> Iterator[str]:
    """Every acknowledged document has ended in time."""
    documents = {document.id: document for document in ledgers.documents}
    for upload in ledgers.uploads:
        found = documents.get(upload.id)
        if found is None:
            yield f"{upload.id}: acknowledged, and not there"
        elif found.status not in ("ready", "failed"):
            yield f"{upload.id}: left {found.status}"
        elif found.took > DOCUMENT_SECONDS:
            yield f"{upload.id}: {found.status} after {found.took:.0f} s"


def wrong_chunks(ledgers: Ledgers) -> Iterator[str]:
    """The chunks are those of an undisturbed ingestion of the same file, each with one vector."""
    documents = {document.id: document for document in ledgers.documents}
    for upload in ledgers.uploads:
        found = documents.get(upload.id)
        if found is None or found.status != "ready":
            continue
        if found.chunks != ledgers.calm[upload.content]:
            yield f"{upload.id}: other chunks than those of its undisturbed twin"
        if found.doubles or found.unsearchable:
            yield f"{upload.id}: {found.doubles} doubles, {found.unsearchable} not searchable"
    for tenant, (says, holds) in ledgers.corpora.items():
        if says != holds:
            yield f"{tenant}: the index counts {says} chunks and holds {holds}"


def foreign_rows(ledgers: Ledgers) -> Iterator[str]:
    """No tenant holds a turn or a document of another, or is answered from another's documents."""
    asked_by = {told.mark: told.tenant for told in ledgers.told}
    for turn in ledgers.turns:
        if asked_by.get(turn.mark, turn.tenant) != turn.tenant:
            yield f"{turn.mark}: asked in {asked_by[turn.mark]}, and stored in {turn.tenant}"
    brought_by = {upload.id: upload.tenant for upload in ledgers.uploads}
    for document in ledgers.documents:
        if brought_by.get(document.id, document.tenant) != document.tenant:
            yield f"{document.id}: brought to {brought_by[document.id]}, in {document.tenant}"
    for call in ledgers.calls:
        for canary in call.canaries:
            if canary != asked_by.get(call.mark, canary):
                yield f"{call.mark}: asked in {asked_by[call.mark]}, and shown {canary}"


CHECKS: dict[str, Callable[[Ledgers], Iterator[str]]] = {
    check.__name__: check
    for check in (
        *(lost_turns, untold_ends, untrue_answers, half_answers, half_turns),
        *(wrong_charges, wrong_sums, second_generations, lost_documents, wrong_chunks),
        foreign_rows,
    )
}


def compare(ledgers: Ledgers) -> dict[str, list[str]]:
    """What each comparison found."""
    return {name: list(check(ledgers)) for name, check in CHECKS.items()}


def _whole(turn: StoredTurn) -> bool:
    return turn.status == "completed" or any(r.status == "completed" for r in turn.replies)


def _finished(calls: dict[str, list[Call]], mark: str) -> bool:
    return any(call.finished for call in calls.get(mark, ()))


def _is_charged(turn: StoredTurn) -> bool:
    """An answer that its process saved, whole or not; what only the sweeper ended costs nothing."""
    return turn.status == "completed" or bool(turn.provider and turn.replies)
