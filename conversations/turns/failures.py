"""How a turn's failure is put to a visitor: never in the provider's words."""

from uuid import UUID

from conversations.turns.events import Contact, TurnFailed, event_id

INTERRUPTED = "interrupted"
INTERNAL = "internal_error"

_MESSAGES = {
    INTERRUPTED: "The answer was interrupted. Ask again to get a whole one.",
    "provider_busy": "The assistant is busy at the moment. Try again shortly.",
    "provider_timeout": "The assistant took too long to answer. Try again.",
    "provider_unavailable": "The assistant cannot be reached at the moment. Try again shortly.",
    "provider_failed": "The assistant could not answer. Try again.",
    "provider_protocol": "The assistant could not answer. Try again.",
    "provider_empty": "The assistant gave no answer. Try putting the question differently.",
    INTERNAL: "Something went wrong on our side. Try again.",
}


def failure(turn_id: UUID, seq: int, code: str, fallback: Contact | None = None) -> TurnFailed:
    """The last event of a turn that failed; an unknown code is an internal error."""
    # A provider's own words are never shown: they may hold a key, or nothing of use.
    known = code if code in _MESSAGES else INTERNAL
    return TurnFailed(
        turn_id=turn_id,
        event_id=event_id(turn_id, seq),
        code=known,
        message=_MESSAGES[known],
        retryable=True,
        fallback=fallback,
    )
