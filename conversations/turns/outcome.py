"""How a turn ended and all that is to be saved of it, built once when its generation is over."""

import asyncio
import logging
from time import perf_counter
from typing import Any, Literal

from billing.pricing import estimate_tokens
from conversations.citations.remarks import is_unsourced, needs_contact
from conversations.llm.base import LLMError, LLMRequest, LLMUsage
from conversations.text.small_talk import small_talk_language
from conversations.turns.answer import Answer
from conversations.turns.events import Contact
from conversations.turns.failures import INTERNAL, INTERRUPTED
from conversations.turns.live import LiveTurn
from conversations.turns.prompts import keep_prompt
from conversations.turns.values import NOTHING_USED, EndStatus, TurnOutcome
from core.ids import new_id
from core.metrics import PROVIDER_FAILURES

log = logging.getLogger(__name__)

# How it ended, the provider's reason, our code of a failure.
_End = tuple[EndStatus, str, str]


class Notes:
    """What the steps note down on their way: who was asked, with what, and how long each took."""

    def __init__(self) -> None:
        self.began = perf_counter()
        self.provider = ""
        self._request: LLMRequest | None = None
        self.trace: dict[str, Any] = {}

    def retrieved(self, found: dict[str, Any]) -> None:
        self.trace = {**found, "retrieval_ms": self.elapsed_ms()}

    def asked(self, provider: str, request: LLMRequest) -> None:
        self.provider, self._request = provider, request
        self.trace["prompt"] = keep_prompt(request.messages)

    @property
    def prompt_tokens(self) -> int:
        """An estimate, for a provider that has not said how many it read."""
        messages = self._request.messages if self._request else ()
        return sum(estimate_tokens(each.content) for each in messages)

    def elapsed_ms(self, until: float | None = None) -> float:
        return round(((until or perf_counter()) - self.began) * 1000, 1)


def build_outcome(
    turn: LiveTurn,
    generation: "asyncio.Task[None]",
    answer: Answer,
    notes: Notes,
    contact: Contact | None = None,
) -> TurnOutcome:
    status, finish_reason, error_code = _find_end(turn, generation, answer)
    usage, source = _meter(answer, notes, status)
    trace = {**notes.trace, "total_ms": notes.elapsed_ms()}
    if answer.left_out:
        trace["left_out"] = answer.left_out
    error = None if generation.cancelled() else generation.exception()
    if isinstance(error, LLMError) and error.reason:
        trace["refused"] = error.reason
    if answer.first_text_at is not None:
        trace["first_token_ms"] = notes.elapsed_ms(answer.first_text_at)
    answered = _is_answered(status, answer)
    return TurnOutcome(
        status=status,
        finish_reason=finish_reason,
        error_code=error_code,
        text=answer.text,
        citations=tuple(answer.cited),
        # A stop before the first word is an empty reply: the visitor sees that it worked.
        message_id=new_id() if answer.text or status == "stopped" else None,
        provider=notes.provider,
        usage=usage,
        source=source,
        first_token_at=answer.first_token_at,
        # The event that tells the end is still to come.
        last_seq=answer.last_seq + 1,
        answered=answered,
        unsourced=is_unsourced(
            status=status,
            text=answer.text,
            is_cited=bool(answer.cited),
            answered=answered,
            provider=notes.provider,
        ),
        fallback=contact if needs_contact(answer.question, answered) else None,
        trace=trace,
    )


def _find_end(turn: LiveTurn, generation: "asyncio.Task[None]", answer: Answer) -> _End:
    """Complete is only what the provider itself has finished."""
    if generation.cancelled():
        if turn.ending == "stopped":
            return "stopped", "stopped", ""
        return "interrupted", "", INTERRUPTED
    error = generation.exception()
    if error is None:
        return _end_of_stream(answer)
    code = _error_code(error)
    if code == INTERNAL:
        log.error("a turn failed", exc_info=error, extra={"tenant_id": str(turn.tenant_id)})
    else:
        PROVIDER_FAILURES.labels(code).inc()
        # Not in the provider's words: they may repeat the visitor's.
        about = {"tenant_id": str(turn.tenant_id), "turn_id": str(turn.turn_id), "code": code}
        log.warning("a provider failed: %s", type(error.__cause__ or error).__name__, extra=about)
    # What was shown is kept, and is no answer.
    return ("interrupted", "", INTERRUPTED) if answer.text else ("failed", "", code)


def _end_of_stream(answer: Answer) -> _End:
    if answer.finish is None:
        if answer.text:
            return "interrupted", "", INTERRUPTED
        return "failed", "", "provider_protocol"
    if not answer.text and answer.is_cut:
        # It may well begin with its caller's stop sequence.
        return "stopped", "stopped", ""
    if not answer.text:
        return "failed", "", "provider_empty"
    return "completed", answer.finish.reason[:40], ""


def _error_code(error: BaseException) -> str:
    if isinstance(error, LLMError):
        return error.code
    return "provider_timeout" if isinstance(error, TimeoutError) else INTERNAL


def _meter(
    answer: Answer, notes: Notes, status: EndStatus
) -> tuple[LLMUsage, Literal["reported", "estimated"] | None]:
    if answer.usage is not None:
        return answer.usage, "reported"
    if answer.pieces or (notes.provider and status == "stopped"):
        # The provider charges for an answer that was cut, too, but no longer says how much; and for
        # what it wrote and the visitor was not told.
        written = max(estimate_tokens(answer.text), answer.pieces)
        return LLMUsage(notes.prompt_tokens, written), "estimated"
    return NOTHING_USED, None


def _is_answered(status: EndStatus, answer: Answer) -> bool | None:
    """Whether the visitor got what was asked for: a reply with a source, or one that needs none.
    None where the visitor did not wait for it."""
    if answer.cited:
        return True
    if status == "stopped":
        return None
    return status == "completed" and small_talk_language(answer.question) is not None
