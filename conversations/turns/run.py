"""The steps of one admitted turn, from retrieval to the saved answer, and how it can end."""

import asyncio
import logging
from contextlib import aclosing
from time import perf_counter
from typing import Any

from django.conf import settings

from billing.pricing import estimate_tokens
from conversations.llm import providers
from conversations.llm.base import LLMError, LLMRequest, LLMUsage, Passage
from conversations.llm.greetings import greeting
from conversations.turns.answer import GATHER, Answer
from conversations.turns.failures import INTERNAL, INTERRUPTED
from conversations.turns.live import LiveTurn
from conversations.turns.prompts import build_messages, kept_prompt, search_query
from conversations.turns.retrieval import find_passages
from conversations.turns.services import finish_turn
from conversations.turns.values import Admitted, Question, TurnOutcome
from core.ids import new_id
from core.metrics import TIME_TO_FIRST_TOKEN, TURNS
from tenants.context import DATABASE_AWAY, in_tenant

log = logging.getLogger(__name__)

# Waits between attempts to save an answer while PostgreSQL is away (seconds).
_SAVE_AGAIN = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


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

    async def answer_question(self) -> TurnOutcome:
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
            self._trace["prompt"] = kept_prompt(request.messages)
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

    def _ended(self, generation: "asyncio.Task[None]") -> TurnOutcome:
        answer = self._answer
        ended = outcome_of(self._live, generation, answer)
        ended.text = answer.text
        ended.citations = list(answer.cited.values())
        ended.answered = is_answered(ended, self._question.text)
        ended.message_id = new_id() if answer.text or ended.status == "stopped" else None
        ended.provider = self._provider
        ended.first_token_at = answer.first_token_at
        # The event that tells the end is still to come.
        ended.last_seq = answer.last_seq + 1
        ended.trace = {**self._trace, "total_ms": _since(self._began)}
        self._meter(ended)
        return ended

    def _meter(self, ended: TurnOutcome) -> None:
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

    async def save(self, ended: TurnOutcome) -> None:
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

    async def _save(self, ended: TurnOutcome) -> bool:
        for wait in _SAVE_AGAIN:
            try:
                return await in_tenant(self._question.tenant_id, finish_turn, self._admitted, ended)
            except DATABASE_AWAY as error:
                log.warning("an answer is not saved yet: %s", type(error).__name__)
                await asyncio.sleep(wait)
        return await in_tenant(self._question.tenant_id, finish_turn, self._admitted, ended)


def is_answered(ended: TurnOutcome, question: str) -> bool | None:
    """Whether the visitor got what was asked for: a reply with a source, or a greeting returned.
    None where the visitor did not wait for it."""
    if ended.citations:
        return True
    if ended.status == "stopped":
        return None
    return ended.status == "completed" and bool(greeting(question))


def outcome_of(turn: LiveTurn, generation: "asyncio.Task[None]", answer: Answer) -> TurnOutcome:
    """How the generation ended. Complete is only what the provider itself has finished."""
    if generation.cancelled():
        if turn.ending == "stopped":
            return TurnOutcome(status="stopped", finish_reason="stopped")
        return TurnOutcome(status="interrupted", error_code=INTERRUPTED)
    error = generation.exception()
    if error is None:
        return _outcome_of_end(answer)
    code = _error_code(error)
    if code == INTERNAL:
        log.error("a turn failed", exc_info=error, extra={"tenant_id": str(turn.tenant_id)})
    else:
        log.warning("a provider failed: %s: %s", code, error)
    if answer.text:
        return TurnOutcome(status="interrupted", error_code=INTERRUPTED)
    return TurnOutcome(status="failed", error_code=code)


def _outcome_of_end(answer: Answer) -> TurnOutcome:
    if answer.finish is None:
        code = INTERRUPTED if answer.text else "provider_protocol"
        return TurnOutcome(status="interrupted" if answer.text else "failed", error_code=code)
    if not answer.text:
        return TurnOutcome(status="failed", error_code="provider_empty")
    return TurnOutcome(status="completed", finish_reason=answer.finish.reason[:40])


def _error_code(error: BaseException) -> str:
    if isinstance(error, LLMError):
        return error.code
    return "provider_timeout" if isinstance(error, TimeoutError) else INTERNAL


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 1)
