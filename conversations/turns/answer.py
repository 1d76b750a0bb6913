"""One turn's answer while it is written: its text, its citations, its numbered events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

from conversations.citations.judgement import Judge
from conversations.citations.markers import MarkerParser
from conversations.citations.quotes import Quoter
from conversations.citations.release import Release
from conversations.citations.values import Judged, Marker
from conversations.llm.base import Embed, LLMEvent, LLMFinish, LLMText, LLMUsage, Passage
from conversations.llm.offline.replies import unknown
from conversations.text.analysis import analyse
from conversations.text.language import language_of
from conversations.text.small_talk import small_talk
from conversations.turns import events
from conversations.turns.eventlog import LogWriter
from conversations.turns.failures import failure
from conversations.turns.live import LiveTurn
from conversations.turns.values import Cited, TurnContext, TurnOutcome
from core.metrics import TIME_TO_FIRST_TOKEN

# Later text is gathered for this long (seconds): fewer frames, and no reader sees the difference.
GATHER = 0.04


class Answer:
    """Takes what the model writes and tells it to the followers: first to the log, then here, so
    that whatever anyone has seen can be resumed from anywhere."""

    def __init__(
        self, live: LiveTurn, question: str, context: TurnContext, embed: Embed | None = None
    ) -> None:
        self._live, self._context = live, context
        self.question = question
        self._log = LogWriter(live.tenant_id, live.turn_id)
        self._passages: dict[int, Passage] = {}
        # Until there are passages nothing can be cited.
        self._parser, self._quoter = MarkerParser(()), Quoter((), question)
        self._judge, self._release = Judge(embed), Release()
        self._waiting: list[str] = []
        self._arrived = asyncio.Event()
        # What the model wrote so far, and what of it was told.
        self._written, self.text = "", ""
        self.cited: list[Cited] = []
        self.pieces = 0
        # Whether its caller's stop sequence ended it.
        self.is_cut = False
        self.usage: LLMUsage | None = None
        self.finish: LLMFinish | None = None
        self._began = perf_counter()
        self.first_token_at: datetime | None = None
        self.first_text_at: float | None = None

    def offer(self, passages: Sequence[Passage]) -> None:
        """The passages that may be cited from now on."""
        context = self._context
        self._passages = {passage.n: passage for passage in passages}
        self._parser = MarkerParser(tuple(self._passages))
        self._quoter = Quoter(passages, self.question, f"{context.name}\n{context.instructions}")
        self._release = Release(
            withholds=context.unsupported_statements == "withhold",
            needs_source=context.unsourced_answers == "refuse"
            and small_talk(self.question) is None,
        )

    @property
    def left_out(self) -> list[str]:
        """Statements that the visitor was not told."""
        return self._release.left_out

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
        shown, judged = await self._take(*self._parser.feed(piece))
        if last:
            for more in (await self._take(*self._parser.end()), self._release.end()):
                shown, judged = shown + more[0], judged + more[1]
            if self._written and not self.text + shown and self.finish is not None:
                shown = unknown(language_of(self.question) or "en", None)
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
        for one in judged:
            seq += 1
            told.append(self._cite(one, seq))
        await self._emit(told)

    async def complete(self, message_id: UUID, outcome: TurnOutcome) -> None:
        """Tells of the reply that was saved so."""
        usage = outcome.usage
        await self._emit(
            [
                events.TurnCompleted(
                    turn_id=self._live.turn_id,
                    event_id=self._id(self.last_seq + 1),
                    message_id=message_id,
                    finish_reason=outcome.finish_reason,
                    usage=events.TokenUsage(usage.tokens_in, usage.tokens_out),
                    unsourced=outcome.unsourced,
                    fallback=outcome.fallback,
                )
            ],
            last=True,
        )

    async def fail(self, code: str) -> None:
        fallback = self._context.contact
        await self._emit(
            [failure(self._live.turn_id, self.last_seq + 1, code, fallback)], last=True
        )

    @property
    def last_seq(self) -> int:
        return len(self._live.lines)

    def _id(self, seq: int) -> str:
        return events.event_id(self._live.turn_id, seq)

    async def _take(self, text: str, markers: list[Marker]) -> tuple[str, list[Judged]]:
        """What of this text may be told now."""
        self._written += text
        if not markers:
            return self._release.feed(text, [])
        otherwise = self._quoter.first_words(markers)
        quoted = await analyse(otherwise, self._quoter.quote_all, self._written, markers)
        return self._release.feed(text, await self._judge.judge_all(quoted))

    def _cite(self, judged: Judged, seq: int) -> events.TurnCitation:
        quoted = judged.quoted
        n, marker = quoted.marker
        passage = self._passages[n]
        cited = Cited(
            n=n, marker=marker, passage=passage, quote=quoted.quote, supported=judged.supported
        )
        self.cited.append(cited)
        return events.TurnCitation(
            turn_id=self._live.turn_id,
            event_id=self._id(seq),
            n=n,
            marker=marker,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=passage.page,
            quote=quoted.quote,
            supported=judged.supported,
        )

    async def _emit(self, told: Sequence[events.Event], *, last: bool = False) -> None:
        lines = [events.wire(event) for event in told]
        # The log first: what somebody has seen here must be found there by whoever resumes.
        await self._log.append(self.last_seq + 1, lines, last=last)
        self._live.publish(lines, last=last)
