"""The adapter of embedding services, against a real server on loopback."""

from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest

from knowledge.embeddings.base import EmbeddingError
from knowledge.embeddings.openai import BATCH, OpenAIEmbedder
from tests.fake_openai import FakeOpenAI, running


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with running() as fake:
        yield fake


def embedder(url: str, *, dimensions: int = 384) -> OpenAIEmbedder:
    return OpenAIEmbedder(base_url=url, api_key="k", model="m", dimensions=dimensions)


def test_every_text_gets_its_vector_over_several_requests(server: FakeOpenAI) -> None:
    texts = [f"text {number}" for number in range(2 * BATCH + 1)]
    before = len(server.log())
    vectors = embedder(server.url).embed(texts)
    assert vectors.shape == (len(texts), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert len(server.log()) - before == 3
    assert np.allclose(vectors[-1], embedder(server.url).embed(texts[-1:])[0])


async def test_a_query_is_embedded_off_the_loop(server: FakeOpenAI) -> None:
    vector = await embedder(server.url).embed_query("text 1", tenant_id=uuid4())
    assert np.allclose(vector, embedder(server.url).embed(["text 1"])[0])


def test_a_vector_of_another_size_is_a_lasting_fault_that_names_the_setting(
    server: FakeOpenAI,
) -> None:
    with pytest.raises(EmbeddingError, match="EMBEDDINGS_DIMENSIONS") as caught:
        embedder(server.url, dimensions=512).embed(["x"])
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, True), (429, False), (500, False), (503, False)]
)
def test_a_refusal_says_whether_it_lasts(server: FakeOpenAI, status: int, permanent: bool) -> None:
    server.script({"status": status})
    with pytest.raises(EmbeddingError, match=str(status)) as caught:
        embedder(server.url).embed(["x"])
    server.reset()
    assert caught.value.permanent is permanent


def test_a_service_that_is_not_there_may_come_back() -> None:
    with pytest.raises(EmbeddingError) as caught:
        embedder("http://127.0.0.1:9/v1").embed(["x"])
    assert not caught.value.permanent
