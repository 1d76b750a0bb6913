"""Which embedder this process uses. Told at start, so that adapters know no settings."""

from dataclasses import dataclass
from functools import lru_cache

from knowledge.embeddings.base import Embedder


@dataclass(frozen=True, slots=True)
class EmbeddingChoice:
    """An OpenAI-compatible service where `base_url` is set, else the local model.

    `threads`: how many texts the local model embeds side by side.
    """

    base_url: str = ""
    api_key: str = ""
    model: str = ""
    dimensions: int = 0
    threads: int = 1


_choice = EmbeddingChoice()


def choose(choice: EmbeddingChoice) -> None:
    """From now on `get_embedder` gives this one."""
    global _choice  # noqa: PLW0603 (one choice a process, made once at its start)
    _choice = choice
    get_embedder.cache_clear()


def is_paid() -> bool:
    """Whether each text costs the platform something: the local model does not."""
    return bool(_choice.base_url)


@lru_cache(maxsize=1)
def get_embedder() -> Embedder:
    """One per process. It loads its model at first use."""
    if _choice.base_url:
        # Imported where chosen: an HTTP client is memory that the local model does not need.
        from knowledge.embeddings.openai import OpenAIEmbedder

        return OpenAIEmbedder(
            base_url=_choice.base_url,
            api_key=_choice.api_key,
            model=_choice.model,
            dimensions=_choice.dimensions,
        )
    from knowledge.embeddings.local import LocalEmbedder

    return LocalEmbedder(threads=_choice.threads)
