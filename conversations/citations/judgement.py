"""Whether each marker of an answer leads to words that carry its statement."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

from conversations.citations.support import decide
from conversations.citations.values import Judged, Quoted
from conversations.llm.base import Embed
from knowledge.embeddings.base import EmbeddingError

log = logging.getLogger(__name__)

# A statement in doubt is compared by meaning, which costs a quarter of an answer: no more of one answer
# are, and all of them together hold its visitor up for no longer. Beyond that they are believed.
MOST_COMPARED = 12
SECONDS = 2.0


class Judge:
    """Judges one answer. Without `embed`, what is in doubt is believed."""

    def __init__(self, embed: Embed | None) -> None:
        self._embed = embed
        self._left, self._seconds = MOST_COMPARED, SECONDS

    async def judge_all(self, quoted: Sequence[Quoted]) -> list[Judged]:
        known: dict[str, bool] = {}
        for one in quoted:
            if one.statement not in known:
                known[one.statement] = await self._carries(one)
        return [Judged(one, known[one.statement]) for one in quoted]

    async def _carries(self, one: Quoted) -> bool:
        if one.evidence.carried is not None:
            return one.evidence.carried
        if not self._left or self._seconds <= 0:
            return True
        self._left -= 1
        began = monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await decide(one.statement, one.evidence, self._embed)
        except (TimeoutError, EmbeddingError) as error:
            log.warning("a statement is believed unseen: %s", type(error).__name__)
            return True
        finally:
            self._seconds -= monotonic() - began
