"""The configured provider: settings turned into adapters, which know no settings."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from conversations.llm.base import LLM, OFFLINE, Embed, Endpoint
from conversations.llm.offline.answerer import LABEL, OfflineAnswerer
from knowledge.embeddings.registry import get_embedder, is_paid


@lru_cache(maxsize=1)
def endpoint() -> Endpoint | None:
    """Where the provider is; None when none is configured."""
    if not settings.LLM_BASE_URL and not settings.OPENAI_API_KEY:
        return None
    return Endpoint(
        base_url=settings.LLM_BASE_URL,
        api_key=settings.OPENAI_API_KEY,
        connect_timeout=settings.LLM_CONNECT_TIMEOUT,
        read_timeout=settings.LLM_READ_TIMEOUT,
        first_text_timeout=settings.LLM_FIRST_TEXT_TIMEOUT,
    )


async def embed_texts(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors, one row a text, computed on a thread."""
    return await asyncio.to_thread(get_embedder().embed, texts)


def free_embed() -> Embed | None:
    """`embed_texts` where it costs nothing; None where each text is paid for."""
    return None if is_paid() else embed_texts


async def warm_up() -> None:
    """Loads what the first answer needs, so that its visitor does not wait for it."""
    await asyncio.to_thread(get_embedder().embed, ["warm up"])
    if endpoint() is not None:
        llm_for_model(settings.LLM_MODEL)


async def close_providers() -> None:
    """Closes the running loop's clients (at the end of the process)."""
    if endpoint() is not None:
        from conversations.llm.openai import close_clients

        await close_clients()


def llm_for_model(model: str) -> LLM:
    """The answerer of a model; without an endpoint every model is the offline one."""
    where = endpoint()
    if where is None or model == OFFLINE:
        return OfflineAnswerer(embed_texts)
    # Imported here: the client's package costs half a second and 23 MB, for nothing without a provider.
    from conversations.llm.openai import OpenAICompatible

    return OpenAICompatible(where)


def answerer_of(model: str, *, may_spend: bool) -> dict[str, str]:
    """What a visitor is told about who answers."""
    if endpoint() is None or model == OFFLINE or not may_spend:
        return {"kind": "offline", "label": LABEL}
    return {"kind": "model", "label": "Answers are written by a language model"}
