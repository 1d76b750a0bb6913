"""Any OpenAI-compatible `/embeddings` service."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import numpy as np

from knowledge.embeddings.base import EmbeddingError, Vectors, normalised

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
        batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
        return normalised(np.concatenate([self._embed_batch(batch) for batch in batches]))

    async def embed_query(self, text: str) -> Vectors:
        loop = asyncio.get_running_loop()
        vector: Vectors = (await loop.run_in_executor(self._pool, self.embed, [text]))[0]
        return vector

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self.model, "input": list(texts), "encoding_format": "float"}
        try:
            response = self._http.post("embeddings", json=body)
        except httpx.HTTPError as error:
            raise EmbeddingError(
                f"The embedding service could not be reached ({type(error).__name__}).",
                permanent=False,
            ) from error
        if response.is_error:
            permanent = response.status_code < 500 and response.status_code not in _TRANSIENT
            raise EmbeddingError(
                f"The embedding service answered {response.status_code}.", permanent=permanent
            )
        return self._decode(response, len(texts))

    def _decode(self, response: httpx.Response, count: int) -> Vectors:
        try:
            items: list[dict[str, Any]] = response.json()["data"]
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
    def _http(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {self.api_key}"} if self.api_key else {},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(16, thread_name_prefix="embed-query")
