"""The naive reading of a stream: what has ended without an error is complete."""

from conversations.turns import run
from conversations.turns.answer import Answer
from conversations.turns.values import Ended


def outcome_of_end(answer: Answer) -> Ended:
    return Ended(status="completed", finish_reason="stop")


run._outcome_of_end = outcome_of_end
