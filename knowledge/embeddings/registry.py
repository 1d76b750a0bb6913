"""Which embedder this process uses."""

from functools import lru_cache

from django.conf import settings

from knowledge.embeddings.base import Embedder


@lru_cache(maxsize=1)
def get_embedder() -> Embedder:
    """The configured service, or the local model. One per process; loads at first use."""
    if settings.EMBEDDINGS_BASE_URL:
        from knowledge.embeddings.openai import OpenAIEmbedder

        return OpenAIEmbedder(
            base_url=settings.EMBEDDINGS_BASE_URL,
            api_key=settings.EMBEDDINGS_API_KEY,
            model=settings.EMBEDDINGS_MODEL,
            dimensions=settings.EMBEDDINGS_DIMENSIONS,
        )
    from knowledge.embeddings.local import LocalEmbedder

    return LocalEmbedder(threads=settings.EMBEDDINGS_THREADS)
