"""The naive reading of a stream: what has ended without an error is complete."""

from conversations import turn_run
from conversations.answering import Answer
from conversations.values import Ended


def outcome_of_end(answer: Answer) -> Ended:
    return Ended(status="completed", finish_reason="stop")


turn_run._outcome_of_end = outcome_of_end
