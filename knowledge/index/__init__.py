"""The only vector and full-text SQL. It runs in the open tenant's context, on its own tables."""

from knowledge.index.publication import publish, remove, store_vectors, stored_vectors, text_hash
from knowledge.index.search import search

__all__ = ["publish", "remove", "search", "store_vectors", "stored_vectors", "text_hash"]
