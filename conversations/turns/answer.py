"""One turn's answer while it is written: its text, its citations, its numbered events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

from conversations.llm.base import LLMEvent, LLMFinish, LLMText, LLMUsage, Passage
from conversations.text.analysis import analyse
from conversations.turns import events
from conversations.turns.citations import CitationParser, first_words, quote_before
from conversations.turns.eventlog import LogWriter
from conversations.turns.failures import failure
from conversations.turns.live import LiveTurn
from conversations.turns.values import Cited
from core.metrics import TIME_TO_FIRST_TOKEN

# Later text is gathered for this long (seconds): fewer frames, and no reader sees the difference.
GATHER = 0.04


class Answer:
    """Takes what the model writes and tells it to the followers: first to the log, then here, so
    that whatever anyone has seen can be resumed from anywhere."""

    def __init__(self, live: LiveTurn, question: str) -> None:
        self._live = live
        self.question = question
        self._log = LogWriter(live.tenant_id, live.turn_id)
        self._passages: dict[int, Passage] = {}
        # Until there are passages nothing can be cited.
        self._parser = CitationParser(())
        self._waiting: list[str] = []
        self._arrived = asyncio.Event()
        self.text = ""
        self.cited: dict[int, Cited] = {}
        self.pieces = 0
        self.usage: LLMUsage | None = None
        self.finish: LLMFinish | None = None
        self._began = perf_counter()
        self.first_token_at: datetime | None = None
        self.first_text_at: float | None = None

    def offer(self, passages: Sequence[Passage]) -> None:
        """The passages that may be cited from now on."""
        self._passages = {passage.n: passage for passage in passages}
        self._parser = CitationParser(tuple(self._passages))

    def on_event(self, event: LLMEvent) -> None:
        """Something that the model sent; text waits for the next `flush`."""
        if isinstance(event, LLMText):
            self.pieces += event.pieces
            self._waiting.append(event.text)
            self._arrived.set()
        elif isinstance(event, LLMUsage):
            self.usage = event
        else:
            self.finish = event

    def notify(self) -> None:
        """Ends a `wait`: nothing more will come."""
        self._arrived.set()

    async def wait(self) -> None:
        """Until there is text to send, or `notify` is called."""
        await self._arrived.wait()

    async def tell_until_done(self, generation: "asyncio.Task[None]") -> None:
        """Sends what the generation writes, gathered for a moment each time, until it is over."""
        generation.add_done_callback(lambda _: self.notify())
        while not generation.done():
            await self.wait()
            await self.flush()
            await asyncio.wait((generation,), timeout=GATHER)
        await self.flush(last=True)

    async def start(self, conversation_id: UUID, client_turn_id: str) -> None:
        await self._emit(
            [
                events.TurnStarted(
                    turn_id=self._live.turn_id,
                    event_id=self._id(1),
                    conversation_id=conversation_id,
                    client_turn_id=client_turn_id,
                )
            ]
        )

    async def flush(self, *, last: bool = False) -> None:
        """Sends the text that waits and the citations in it; at the `last` call nothing is held."""
        self._arrived.clear()
        piece = "".join(self._waiting)
        self._waiting.clear()
        shown, numbers = self._parser.feed(piece)
        if last:
            rest, more = self._parser.end()
            shown, numbers = shown + rest, numbers + more
        if not shown:
            return
        if self.first_token_at is None:
            self.first_token_at, self.first_text_at = datetime.now(UTC), perf_counter()
            TIME_TO_FIRST_TOKEN.observe(self.first_text_at - self._began)
        self.text += shown
        seq = self.last_seq + 1
        told: list[events.Event] = [
            events.TurnDelta(turn_id=self._live.turn_id, event_id=self._id(seq), text=shown)
        ]
        # A source is told once, where it is cited first.
        for n in dict.fromkeys(numbers):
            if n not in self.cited:
                seq += 1
                told.append(await self._cite(n, seq))
        await self._emit(told)

    async def complete(self, message_id: UUID, finish_reason: str, usage: LLMUsage) -> None:
        await self._emit(
            [
                events.TurnCompleted(
                    turn_id=self._live.turn_id,
                    event_id=self._id(self.last_seq + 1),
                    message_id=message_id,
                    finish_reason=finish_reason,
                    usage=events.TokenUsage(usage.tokens_in, usage.tokens_out),
                )
            ],
            last=True,
        )

    async def fail(self, code: str) -> None:
        await self._emit([failure(self._live.turn_id, self.last_seq + 1, code)], last=True)

    @property
    def last_seq(self) -> int:
        return len(self._live.lines)

    def _id(self, seq: int) -> str:
        return events.event_id(self._live.turn_id, seq)

    async def _cite(self, n: int, seq: int) -> events.TurnCitation:
        passage = self._passages[n]
        # What stands before the marker is what it is meant to prove.
        before = self.text[: self.text.rfind(f"[{n}]")]
        quote = await analyse(first_words(passage), quote_before, passage, before, self.question)
        self.cited[n] = Cited(n=n, passage=passage, quote=quote)
        return events.TurnCitation(
            turn_id=self._live.turn_id,
            event_id=self._id(seq),
            n=n,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=passage.page,
            quote=quote,
        )

    async def _emit(self, told: Sequence[events.Event], *, last: bool = False) -> None:
        lines = [events.wire(event) for event in told]
        # The log first: what somebody has seen here must be found there by whoever resumes.
        await self._log.append(self.last_seq + 1, lines, last=last)
        self._live.publish(lines, last=last)
