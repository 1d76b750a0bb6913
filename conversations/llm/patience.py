"""How long an answer is waited for, and how much of it is taken."""

import asyncio

from conversations.llm.base import Endpoint, LLMEvent, LLMText

# A token is a few characters, in any language; a provider that sends many times as many was not asked to.
_CHARACTERS_PER_TOKEN = 16


class Patience:
    """Of one answer. `deadline` is by the loop's clock: for the first text, then after each one."""

    def __init__(self, endpoint: Endpoint, max_tokens: int) -> None:
        self._clock = asyncio.get_running_loop().time
        self._idle = endpoint.read_timeout
        self._room = max_tokens * _CHARACTERS_PER_TOKEN
        self.deadline = self._clock() + endpoint.first_text_timeout
        self.heard = False

    @property
    def left(self) -> float:
        return self.deadline - self._clock()

    @property
    def is_enough(self) -> bool:
        """Whether more came than was asked for: the rest is not waited for."""
        return self._room <= 0

    def wait_only(self, seconds: float) -> None:
        """The answer is whole: what may follow is waited for no longer than this."""
        self.deadline = self._clock() + seconds

    def admit(self, event: LLMEvent) -> LLMEvent:
        """The event, cut to the room there is."""
        if not isinstance(event, LLMText):
            return event
        self.heard = True
        self.deadline = self._clock() + self._idle
        text = event.text[: max(0, self._room)]
        self._room -= len(event.text)
        return event if len(text) == len(event.text) else LLMText(text, event.pieces)
