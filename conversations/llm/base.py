"""The seam between a turn and whatever writes the answer."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The model that answers without one, and the provider of its answers.
OFFLINE = "offline"


class Endpoint(msgspec.Struct, frozen=True):
    """Where the provider is. Timeouts in seconds; an empty `base_url` is OpenAI's own.

    `first_text_timeout` is for everything until the first text, retries and waits included;
    `read_timeout` for the time after the last text: bytes that bring none do not count.
    """

    base_url: str
    api_key: str
    connect_timeout: float
    read_timeout: float
    first_text_timeout: float = 30.0


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered piece of a document, as the answer may cite it.

    `similarity` (cosine, −1 to 1) and `coverage` (0 to 1, idf-weighted share of the question's
    terms found in it) are retrieval's evidence that it is about the question.
    """

    n: int
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    heading: str
    text: str
    similarity: float
    coverage: float


class ChatMessage(msgspec.Struct, frozen=True):
    role: Literal["system", "user", "assistant"]
    content: str


Embed = Callable[[Sequence[str]], Awaitable["NDArray[np.float32]"]]
"""Texts to unit vectors, one row each."""


class LLMRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `messages` is the whole prompt; `question` and `passages` are what it holds."""

    model: str
    messages: tuple[ChatMessage, ...]
    question: str
    passages: tuple[Passage, ...]
    max_tokens: int
    sampling: Mapping[str, float] = msgspec.field(default_factory=dict)


# Structs and not dataclasses: one is made for each piece of each answer.
class LLMText(msgspec.Struct, frozen=True):
    """`pieces` is how many chunks of the provider it joins: so many tokens were written at least."""

    text: str
    pieces: int = 1


class LLMUsage(msgspec.Struct, frozen=True):
    """Tokens as the provider reports them."""

    tokens_in: int
    tokens_out: int


class LLMFinish(msgspec.Struct, frozen=True):
    """The provider's own word that the answer is whole. A stream without it was cut."""

    reason: str


LLMEvent = LLMText | LLMUsage | LLMFinish


class LLMError(Exception):
    """The provider did not answer. `permanent`: the same request would fail again.

    `message` is for the log: a visitor never sees what a provider says. `reason` is what a refusal
    was about, as far as it can be told: key, quota, rate, model or request.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.reason = reason


class LLM(Protocol):
    """Something that answers. `name` is what a usage record calls it."""

    @property
    def name(self) -> str: ...

    def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        """Text as it is written, then usage if known, then finish. Raises `LLMError`."""
        ...
