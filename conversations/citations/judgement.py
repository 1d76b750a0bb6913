"""Whether each marker of an answer leads to words that carry its statement."""

import asyncio
import logging
from collections.abc import Sequence

from conversations.citations.support import Embed, decide
from conversations.citations.values import Judged, Quoted
from knowledge.embeddings.base import EmbeddingError

log = logging.getLogger(__name__)

# A statement in doubt is compared by meaning, which costs a quarter of an answer: no more of one answer
# are, and none of them holds its visitor up for longer. Beyond that they are believed.
MOST_COMPARED = 12
_SECONDS = 2.0


class Judge:
    """Judges one answer. Without `embed`, what is in doubt is believed."""

    def __init__(self, embed: Embed | None) -> None:
        self._embed = embed
        self._left = MOST_COMPARED

    async def judge_all(self, quoted: Sequence[Quoted]) -> list[Judged]:
        known: dict[str, bool] = {}
        for one in quoted:
            if one.statement not in known:
                known[one.statement] = await self._carries(one)
        return [Judged(one, known[one.statement]) for one in quoted]

    async def _carries(self, one: Quoted) -> bool:
        embed = self._embed if self._left else None
        self._left -= one.evidence.carried is None and embed is not None
        try:
            async with asyncio.timeout(_SECONDS):
                return await decide(one.statement, one.evidence, embed)
        except (TimeoutError, EmbeddingError) as error:
            log.warning("a statement is believed unseen: %s", type(error).__name__)
            return True
