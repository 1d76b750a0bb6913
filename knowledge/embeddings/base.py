"""What an embedder is, for those who call one."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class EmbeddingError(Exception):
    """The texts could not be embedded. `permanent`: trying again will not help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class Embedder(Protocol):
    """Thread-safe. `name` is stored with every vector: vectors of two names are not compared."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimensions], rows of unit length. Raises EmbeddingError."""
        ...

    async def embed_query(self, text: str, *, tenant_id: UUID) -> Vectors:
        """float32 [dimensions], computed off the event loop. `tenant_id`: whose text it is, for an
        embedder that lets tenants take turns. Raises EmbeddingError."""
        ...

    def embed_in_turn(
        self, texts: Sequence[str], *, tenant_id: UUID
    ) -> AsyncGenerator[Vectors, None]:
        """Many texts of one tenant, in order, a piece at a time: float32 [some, dimensions], computed off
        the event loop and never in the way of a query. Raises EmbeddingError."""
        ...


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return result
