"""Any OpenAI-compatible `/embeddings` service.

Spoken to through the SDK, whose answer is decoded here: its own models walk through every number.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx2
import numpy as np
import openai

from knowledge.embeddings.base import EmbeddingError, Vectors, normalised
from knowledge.embeddings.places import Places

BATCH = 96  # texts a request: far below the usual limit of 2,048 and of 300,000 tokens
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
# Time-out, conflict, too early, too many: worth another try. Every other 4xx is our mistake.
_TRANSIENT = frozenset({408, 409, 425, 429})


@dataclass
class OpenAIEmbedder:
    """`base_url` ends in `/v1`. Does not retry: the ticket behind a document does."""

    base_url: str
    api_key: str
    model: str
    dimensions: int

    @property
    def name(self) -> str:
        return self.model

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        # One after the other: services limit tokens a minute, and a worker has time.
        batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        return normalised(np.concatenate([self._embed_batch(batch) for batch in batches]))

    async def embed_query(self, text: str, *, tenant_id: UUID) -> Vectors:
        # On a thread, as the local model: callers need not know which one answers.
        loop = asyncio.get_running_loop()
        vector: Vectors = (await loop.run_in_executor(self._pool, self.embed, [text]))[0]
        return vector

    async def embed_in_turn(
        self, texts: Sequence[str], *, tenant_id: UUID
    ) -> AsyncGenerator[Vectors, None]:
        loop = asyncio.get_running_loop()
        for at in range(0, len(texts), BATCH):
            # One of the pool's threads for each tenant, however many requests it makes.
            async with self._places.of(tenant_id):
                batch = texts[at : at + BATCH]
                vectors = await loop.run_in_executor(self._pool, self.embed, batch)
            yield vectors

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._client.embeddings.with_raw_response.create(
                model=self.model, input=list(texts), encoding_format="float"
            )
        except openai.APIStatusError as error:
            status = error.status_code
            raise EmbeddingError(
                f"The embedding service answered {status}.",
                permanent=status < 500 and status not in _TRANSIENT,
            ) from error
        except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
            raise EmbeddingError(
                f"The embedding service could not be reached ({type(error).__name__}).",
                permanent=False,
            ) from error
        return self._decode(answer.content, len(texts))

    def _decode(self, answer: bytes, count: int) -> Vectors:
        try:
            items: list[dict[str, Any]] = json.loads(answer)["data"]
            # The order of the answer is not promised, its indices are.
            ordered = sorted(items, key=lambda item: int(item["index"]))
            vectors = np.array([item["embedding"] for item in ordered], np.float32)
        except (ValueError, KeyError, TypeError) as error:
            raise EmbeddingError(
                "The embedding service sent an unreadable answer.", permanent=False
            ) from error
        if vectors.shape != (count, self.dimensions):
            raise EmbeddingError(
                f"The embedding service sent vectors of shape {vectors.shape}, not "
                f"{(count, self.dimensions)}: check EMBEDDINGS_MODEL and EMBEDDINGS_DIMENSIONS.",
                permanent=True,
            )
        return vectors

    @cached_property
    def _client(self) -> openai.OpenAI:
        timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        return openai.OpenAI(
            # Servers on one's own machine want no key, the SDK wants one.
            api_key=self.api_key or "none",
            base_url=self.base_url,
            max_retries=0,
            timeout=timeout,
            # A redirect or a proxy of the environment would take the key somewhere else.
            http_client=httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=False),
        )

    @cached_property
    def _places(self) -> Places:
        return Places()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(16, thread_name_prefix="embed-query")
