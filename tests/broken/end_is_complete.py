"""The naive reading of a stream: what has ended without an error is complete."""

from conversations.turns import run
from conversations.turns.answer import Answer
from conversations.turns.values import TurnOutcome


def outcome_of_end(answer: Answer) -> TurnOutcome:
    return TurnOutcome(status="completed", finish_reason="stop")


run._outcome_of_end = outcome_of_end
