"""The turn: admit, retrieve, answer, save and settle. Knows no transport.

A turn runs as a task of its own: a closed socket does not end it, only a stop, a failure or the end
of the process does. Followers read its events through `conversations.following`.
"""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from billing.pricing import estimate_tokens
from conversations import live, providers
from conversations.answering import GATHER, Answer
from conversations.control import ensure_control
from conversations.failures import INTERNAL, INTERRUPTED
from conversations.live import LiveTurn
from conversations.llm.base import LLMError, LLMRequest, LLMUsage, Passage
from conversations.prompts import build_messages, search_query
from conversations.retrieving import find_passages
from conversations.services import admit, finish_turn
from conversations.terms import current_plan
from conversations.values import Admitted, Conditions, Ended, Question, TurnRef
from core.errors import AppError, RateLimited, Unavailable
from core.ids import new_id
from core.metrics import REFUSALS, RUNNING_TURNS, TIME_TO_FIRST_TOKEN, TURNS
from tenants.context import in_tenant
from tenants.limits import check_turn_rate

log = logging.getLogger(__name__)

# Waits between attempts to save an answer while PostgreSQL is away (seconds).
_SAVE_AGAIN = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
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
        conditions = await _conditions(question)
        admitted = await in_tenant(question.tenant_id, admit, question, conditions)
    except AppError as error:
        REFUSALS.labels(error.code).inc()
        raise
    if isinstance(admitted, TurnRef):
        return Started(admitted, is_new=False)
    turn = LiveTurn(tenant_id=question.tenant_id, turn_id=admitted.turn_id)
    live.add(turn)
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


async def _conditions(question: Question) -> Conditions:
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
    return Conditions(
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


class TurnRun:
    """The steps of one admitted turn."""

    def __init__(
        self, turn: LiveTurn, question: Question, admitted: Admitted, answer: Answer
    ) -> None:
        self._live = turn
        self._question = question
        self._admitted = admitted
        self._answer = answer
        self._began = perf_counter()
        self._provider = ""
        self._prompt_tokens = 0
        self._asked = False
        self._trace: dict[str, Any] = {}

    async def answer_question(self) -> Ended:
        """Streams the answer to its end, however that comes, and says how it ended."""
        answer, generation = self._answer, asyncio.create_task(self._generate())
        self._live.cancelled_by(generation.cancel)
        generation.add_done_callback(lambda _: answer.wake())
        await answer.start(self._admitted.ground.conversation_id, self._question.client_turn_id)
        while not generation.done():
            await answer.something()
            await answer.tell()
            self._note_first_token()
            await asyncio.wait((generation,), timeout=GATHER)
        await answer.tell(last=True)
        self._note_first_token()
        return self._ended(generation)

    async def _generate(self) -> None:
        async with asyncio.timeout(settings.TURN_SECONDS):
            passages = await self._retrieve()
            request = self._request(passages)
            llm = providers.llm_for_model(request.model)
            self._provider, self._asked = llm.name, True
            self._prompt_tokens = sum(estimate_tokens(m.content) for m in request.messages)
            async with aclosing(llm.stream(request)) as stream:
                async for event in stream:
                    self._answer.take(event)

    async def _retrieve(self) -> list[Passage]:
        began = perf_counter()
        query = search_query(self._question.text, self._admitted.history)
        passages, trace = await find_passages(
            self._question.tenant_id,
            query,
            budget=settings.TURN_RETRIEVAL_CHARACTERS,
            source_ids=self._admitted.ground.source_ids,
        )
        self._answer.ground(passages)
        self._trace = {**trace, "retrieval_ms": _since(began)}
        return passages

    def _request(self, passages: list[Passage]) -> LLMRequest:
        ground, question = self._admitted.ground, self._question
        instructions = "\n\n".join(filter(None, (ground.instructions, question.extra_instructions)))
        return LLMRequest(
            model=self._admitted.terms.model,
            messages=build_messages(
                name=ground.name,
                instructions=instructions,
                passages=passages,
                history=self._admitted.history,
                question=question.text,
                history_tokens=settings.TURN_HISTORY_TOKENS,
                count=estimate_tokens,
            ),
            question=search_query(question.text, self._admitted.history),
            passages=tuple(passages),
            max_tokens=self._admitted.max_tokens,
            sampling=question.sampling,
        )

    def _note_first_token(self) -> None:
        if self._answer.first_token_at is not None and "first_token_ms" not in self._trace:
            self._trace["first_token_ms"] = _since(self._began)
            TIME_TO_FIRST_TOKEN.observe(perf_counter() - self._began)

    def _ended(self, generation: "asyncio.Task[None]") -> Ended:
        answer = self._answer
        ended = outcome_of(self._live, generation, answer)
        ended.text = answer.text
        ended.citations = list(answer.cited.values())
        ended.message_id = new_id() if answer.text or ended.status == "stopped" else None
        ended.provider = self._provider
        ended.first_token_at = answer.first_token_at
        # The event that tells the end is still to come.
        ended.last_seq = answer.last_seq + 1
        ended.trace = {**self._trace, "total_ms": _since(self._began)}
        self._meter(ended)
        return ended

    def _meter(self, ended: Ended) -> None:
        answer = self._answer
        if answer.usage is not None:
            usage, ended.source = answer.usage, "reported"
        elif answer.text or (self._asked and ended.status == "stopped"):
            # The provider charges for an answer that was cut, too, but no longer says how much.
            written = max(estimate_tokens(answer.text), answer.pieces)
            usage, ended.source = LLMUsage(self._prompt_tokens, written), "estimated"
        else:
            usage = LLMUsage(0, 0)
        ended.tokens_in, ended.tokens_out = usage.tokens_in, usage.tokens_out

    async def save(self, ended: Ended) -> None:
        """Saves, then tells the end: who is told that an answer is complete can rely on it."""
        saved = await self._save(ended)
        if not saved:
            TURNS.labels(INTERRUPTED).inc()
            await self._answer.fail(INTERRUPTED)
            return
        TURNS.labels(ended.status).inc()
        if ended.status in ("completed", "stopped") and ended.message_id is not None:
            usage = LLMUsage(ended.tokens_in, ended.tokens_out)
            await self._answer.complete(ended.message_id, ended.finish_reason, usage)
        else:
            await self._answer.fail(ended.error_code)

    async def _save(self, ended: Ended) -> bool:
        for wait in _SAVE_AGAIN:
            try:
                return await in_tenant(self._question.tenant_id, finish_turn, self._admitted, ended)
            except DatabaseError as error:
                log.warning("an answer is not saved yet: %s", type(error).__name__)
                await asyncio.sleep(wait)
        return await in_tenant(self._question.tenant_id, finish_turn, self._admitted, ended)


def outcome_of(turn: LiveTurn, generation: "asyncio.Task[None]", answer: Answer) -> Ended:
    """How the generation ended. Complete is only what the provider itself has finished."""
    if generation.cancelled():
        if turn.ending == "stopped":
            return Ended(status="stopped", finish_reason="stopped")
        return Ended(status="interrupted", error_code=INTERRUPTED)
    error = generation.exception()
    if error is None:
        return _outcome_of_end(answer)
    code = _error_code(error)
    if code == INTERNAL:
        log.error("a turn failed", exc_info=error, extra={"tenant_id": str(turn.tenant_id)})
    else:
        log.warning("a provider failed: %s: %s", code, error)
    if answer.text:
        return Ended(status="interrupted", error_code=INTERRUPTED)
    return Ended(status="failed", error_code=code)


def _outcome_of_end(answer: Answer) -> Ended:
    if answer.finish is None:
        code = INTERRUPTED if answer.text else "provider_protocol"
        return Ended(status="interrupted" if answer.text else "failed", error_code=code)
    if not answer.text:
        return Ended(status="failed", error_code="provider_empty")
    return Ended(status="completed", finish_reason=answer.finish.reason[:40])


def _error_code(error: BaseException) -> str:
    if isinstance(error, LLMError):
        return error.code
    return "provider_timeout" if isinstance(error, TimeoutError) else INTERNAL


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 1)


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
