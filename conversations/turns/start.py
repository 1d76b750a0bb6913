"""The turn: admit, retrieve, answer, save and settle. Knows no transport.

A turn runs as a task of its own: a closed socket does not end it, only a stop, a failure or the end
of the process does. Followers read its events through `conversations.turns.follow`.
"""

import asyncio
import logging
from dataclasses import dataclass

from django.conf import settings

from conversations.turns import live
from conversations.turns.answer import Answer
from conversations.turns.control import ensure_control
from conversations.turns.failures import INTERNAL
from conversations.turns.live import LiveTurn
from conversations.turns.run import TurnRun
from conversations.turns.services import admit
from conversations.turns.terms import current_plan
from conversations.turns.values import AdmissionLimits, Admitted, Question, TurnRef
from core.errors import AppError, RateLimited, Unavailable
from core.metrics import REFUSALS, RUNNING_TURNS, TURNS
from tenants.context import in_tenant
from tenants.limits.turns import check_turn_rate
from tenants.notices import subscribe

log = logging.getLogger(__name__)

_closing = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Started:
    """A turn to follow; `is_new` is False when its `client_turn_id` had begun it before."""

    turn: TurnRef
    is_new: bool


async def start_turn(question: Question) -> Started:
    """Begins the turn, or finds the one its `client_turn_id` began.

    Raises `NotFound`, `TenantSuspended`, `BudgetExceeded`, `QuotaExceeded`, `RateLimited`,
    `Unavailable`.
    """
    if _closing.is_set():
        raise Unavailable("This server is restarting. Try again in a moment.", retry_after=2)
    ensure_control()
    try:
        conditions = await _admission_limits(question)
        admitted = await in_tenant(question.tenant_id, admit, question, conditions)
    except AppError as error:
        REFUSALS.labels(error.code).inc()
        raise
    if isinstance(admitted, TurnRef):
        return Started(admitted, is_new=False)
    turn = LiveTurn(tenant_id=question.tenant_id, turn_id=admitted.turn_id)
    live.add(turn)
    subscribe(question.tenant_id)
    turn.task = asyncio.create_task(_run(turn, question, admitted))
    return Started(_ref(question, admitted), is_new=True)


def _ref(question: Question, admitted: Admitted) -> TurnRef:
    return TurnRef(
        tenant_id=question.tenant_id,
        turn_id=admitted.turn_id,
        conversation_id=admitted.ground.conversation_id,
        status="running",
        last_seq=0,
    )


async def _admission_limits(question: Question) -> AdmissionLimits:
    plan = await current_plan(question.tenant_id)
    rate_limited: RateLimited | None = None
    try:
        await check_turn_rate(
            tenant_id=question.tenant_id,
            turns_per_minute=plan.turns_per_minute,
            visitor_turns_per_minute=plan.visitor_turns_per_minute,
            visitor_id=question.visitor_id,
            address=question.address,
        )
    except RateLimited as error:
        rate_limited = error
    return AdmissionLimits(
        plan=plan,
        history_tokens=settings.TURN_HISTORY_TOKENS,
        answer_tokens=settings.TURN_ANSWER_TOKENS,
        retrieval_characters=settings.TURN_RETRIEVAL_CHARACTERS,
        rate_limited=rate_limited,
    )


async def _run(turn: LiveTurn, question: Question, admitted: Admitted) -> None:
    answer = Answer(turn, question.text)
    run = TurnRun(turn, question, admitted, answer)
    RUNNING_TURNS.inc()
    try:
        ended = await run.answer_question()
        await run.save(ended)
    except Exception:
        # Whatever it was, the visitor is told, and the sweeper frees what the turn still holds.
        log.exception("a turn broke", extra={"tenant_id": str(question.tenant_id)})
        TURNS.labels("failed").inc()
        await answer.fail(INTERNAL)
    finally:
        RUNNING_TURNS.dec()
        live.remove(turn)


async def drain(seconds: float) -> None:
    """At the end of the process: no new turns; running ones may finish for a while, then they are
    interrupted and saved as they are."""
    _closing.set()
    tasks = [turn.task for turn in live.running() if turn.task is not None]
    if not tasks:
        return
    await asyncio.wait(tasks, timeout=seconds)
    for turn in live.running():
        turn.end("interrupted")
    await asyncio.wait(tasks, timeout=2.0)
