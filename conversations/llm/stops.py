"""Ends an answer before the first of its caller's stop sequences, whoever writes it.

Not left to the provider: its newer models refuse `stop`, others leave the sequence in the text.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from conversations.llm.base import LLMEvent, LLMFinish, LLMText


class StopFinder:
    """Looks for texts in a stream that comes in pieces. Each character is looked at once for each text,
    whatever they are (Knuth, Morris and Pratt)."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._searches = [_Search(stop) for stop in stops]
        self._held = ""
        self.found = False

    def feed(self, text: str) -> str:
        """What may be shown now: all but a beginning of a stop sequence at the end, which is held. Sets
        `found` at the first whole one, which ends what may be shown."""
        # Most answers have none, and pass at no cost.
        return self._look_through(text) if self._searches else text

    def _look_through(self, text: str) -> str:
        begun = len(self._held)
        self._held += text
        for at in range(begun, len(self._held)):
            whole = [search.length for search in self._searches if search.step(self._held[at])]
            if whole:
                self.found = True
                shown, self._held = self._held[: at + 1 - max(whole)], ""
                return shown
        kept = max((search.matched for search in self._searches), default=0)
        cut = len(self._held) - kept
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def rest(self) -> str:
        """What was held, when no more comes."""
        held, self._held = self._held, ""
        return held


class _Search:
    """How much of one stop sequence stands at the end of what was read."""

    def __init__(self, stop: str) -> None:
        self._stop, self.length = stop, len(stop)
        self._shorter = _borders(stop)
        self.matched = 0

    def step(self, character: str) -> bool:
        """Whether the sequence is whole with this character."""
        while self.matched and self._stop[self.matched] != character:
            self.matched = self._shorter[self.matched - 1]
        self.matched += self._stop[self.matched] == character
        return self.matched == self.length


def _borders(text: str) -> list[int]:
    """For each beginning of the text the length of the longest shorter one that it ends with.

    >>> _borders("abab")
    [0, 0, 1, 2]
    """
    borders, matched = [0] * len(text), 0
    for at in range(1, len(text)):
        while matched and text[matched] != text[at]:
            matched = borders[matched - 1]
        matched += text[matched] == text[at]
        borders[at] = matched
    return borders


async def until_stop(
    stream: AsyncGenerator[LLMEvent, None], finder: StopFinder
) -> AsyncGenerator[LLMEvent, None]:
    """The same events up to the first stop sequence. After it nothing more is read, so the provider ends
    as well, and what it charges is no longer told."""
    async with aclosing(stream):
        async for event in stream:
            if isinstance(event, LLMText):
                yield LLMText(finder.feed(event.text), event.pieces)
                if finder.found:
                    yield LLMFinish("stop")
                    return
                continue
            if isinstance(event, LLMFinish):
                yield LLMText(finder.rest(), 0)
            yield event
