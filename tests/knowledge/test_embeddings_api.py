"""`/v1/embeddings`: OpenAI's form, who may, how much, and that nothing paid for goes unmetered."""

import asyncio
import base64
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import openai
import pytest

from billing.catalog.models import Price
from billing.catalog.services import set_price
from billing.models import Budget, Hold, QuotaPeriod, UsageRecord
from billing.selectors import list_priced_models
from conversations.chatbots.onboarding import Workspace
from knowledge.embeddings.local import LocalEmbedder
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import mint_secret_key
from tenants.models import Membership, Tenant, User
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI, running
from tests.live import Process

MODEL = "all-MiniLM-L6-v2"
PAID = "fake-embedder"
TEXTS = ["The gate opens at six.", "Broken pallets go to the blue container.", "Ünïcödé 😀"]


def client(web: Process, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=web.url, headers=headers, trust_env=False, timeout=60)


@pytest.fixture
def http(web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    with client(web, workspace.secret_key) as opened:
        yield opened


@pytest.fixture(scope="module")
def service() -> Iterator[FakeOpenAI]:
    with running() as fake:
        yield fake


@pytest.fixture(scope="module")
def paid_web(service: FakeOpenAI) -> Iterator[Process]:
    """A platform that pays for its vectors."""
    settings = {"EMBEDDINGS_BASE_URL": service.url, "EMBEDDINGS_MODEL": PAID}
    with Process("web", environment=settings) as process:
        yield process


@pytest.fixture(scope="module")
def own() -> np.ndarray[Any, Any]:
    return LocalEmbedder().embed(TEXTS)


def ask(http: httpx.Client, texts: Any, model: str = MODEL, **more: Any) -> httpx.Response:
    return http.post("/v1/embeddings", json={"model": model, "input": texts, **more})


def test_the_official_client_gets_the_products_own_vectors(
    web: Process, workspace: Workspace, own: np.ndarray[Any, Any]
) -> None:
    sdk = openai.OpenAI(base_url=f"{web.url}/v1", api_key=workspace.secret_key, max_retries=0)
    # Its own default is base64, which it decodes by itself.
    made = sdk.embeddings.create(model=MODEL, input=TEXTS)
    assert [each.index for each in made.data] == [0, 1, 2]
    assert np.allclose([each.embedding for each in made.data], own, atol=1e-6)
    assert (made.model, made.object) == (MODEL, "list")
    assert 0 < made.usage.prompt_tokens == made.usage.total_tokens
    single = sdk.embeddings.create(model=MODEL, input=TEXTS[0], encoding_format="float")
    assert np.allclose(single.data[0].embedding, own[0], atol=1e-6)


def test_both_encodings_are_the_same_numbers(http: httpx.Client) -> None:
    numbers = ask(http, TEXTS[0], dimensions=384, user="u").json()["data"][0]["embedding"]
    packed = ask(http, [TEXTS[0]], encoding_format="base64").json()["data"][0]["embedding"]
    assert len(numbers) == 384
    assert np.array_equal(
        np.frombuffer(base64.b64decode(packed), "<f4"), np.array(numbers, np.float32)
    )


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no input": ({"input": None}, "input", "text or a list of texts"),
    "a number": ({"input": 7}, "input", "text or a list of texts"),
    "tokens": ({"input": [1, 2, 3]}, "input", "Lists of tokens are not supported"),
    "lists of tokens": ({"input": [[1, 2], [3]]}, "input", "Lists of tokens are not supported"),
    "nothing": ({"input": []}, "input", "text or a list of texts"),
    "an empty text": ({"input": ""}, "input", "1 to 8,000"),
    "one that is empty": ({"input": ["x", ""]}, "input", "1 to 8,000"),
    "a long one": ({"input": ["x" * 8_001]}, "input", "1 to 8,000"),
    "too many": ({"input": ["x"] * 2_049}, "input", "at most 2,048 texts; this one has 2,049"),
    "no model": ({"model": None}, "model", "name of the embedding model"),
    "fewer dimensions": ({"dimensions": 256}, "dimensions", "may only be 384"),
    "another encoding": ({"encoding_format": "hex"}, "encoding_format", "base64"),
    "made up": ({"input_type": "query"}, "input_type", "not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_named_and_costs_nothing(
    http: httpx.Client, workspace: Workspace, name: str
) -> None:
    fields, param, told = REFUSED[name]
    answer = http.post("/v1/embeddings", json={"model": MODEL, "input": "x", **fields})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert told in answer.json()["detail"]
    with tenant_context(workspace.tenant.id):
        assert not QuotaPeriod.objects.exists()


def test_another_model_is_not_there_and_the_right_one_is_told(http: httpx.Client) -> None:
    answer = ask(http, "x", model="text-embedding-3-small")
    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")
    assert f"“{MODEL}”" in answer.json()["detail"]


def test_only_a_secret_key_that_may_chat_is_served(web: Process, workspace: Workspace) -> None:
    reader = mint_secret_key(tenant_id=workspace.tenant.id, scopes=["documents:read"])
    for key, status in ((reader, 403), (workspace.publishable_key, 403), ("", 401)):
        with client(web, key) as http:
            assert ask(http, "x").status_code == status
    with tenant_context(workspace.tenant.id):
        assert not QuotaPeriod.objects.exists()


def test_a_request_is_one_message_of_the_plan_and_the_local_model_is_free(
    http: httpx.Client, workspace: Workspace
) -> None:
    assert ask(http, TEXTS).status_code == 200
    with tenant_context(workspace.tenant.id):
        record = UsageRecord.objects.get()
        assert (record.model, record.provider, record.cost) == (MODEL, "embeddings", Decimal(0))
        assert record.tokens_in >= 20
        period = QuotaPeriod.objects.get()
        assert (period.messages_used, period.messages_held) == (1, 0)
        QuotaPeriod.objects.update(messages_used=500)
    spent = ask(http, TEXTS)
    assert (spent.status_code, spent.json()["code"]) == (429, "message_quota_exceeded")
    [day] = http.get("/v1/usage/days").json()["data"]
    assert (day["model"], day["turns"], day["tokens_out"]) == (MODEL, 1, 0)


def test_a_workspace_asks_as_often_as_its_plan_says(
    http: httpx.Client, workspace: Workspace
) -> None:
    answers = [ask(http, "x")]
    while answers[-1].status_code == 200 and len(answers) < 100:
        answers.append(ask(http, "x"))
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "rate_limited")
    assert 30 < len(answers) <= 61
    # Its visitors' minute is another one.
    body = {"model": str(workspace.chatbot_id), "messages": [{"role": "user", "content": "Hi"}]}
    assert http.post("/v1/chat/completions", json=body).status_code == 200


def test_as_many_texts_as_may_be_are_embedded_while_questions_are_answered(
    http: httpx.Client, workspace: Workspace
) -> None:
    many = [f"The gate number {number} is open." for number in range(2_048)]
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask(http, many)))
    thread.start()
    body = {"model": str(workspace.chatbot_id), "messages": [{"role": "user", "content": "Hi?"}]}
    with tenant_context(workspace.tenant.id):
        eventually(Hold.objects.exists)
    began = time.monotonic()
    assert http.post("/v1/chat/completions", json=body).status_code == 200
    taken = time.monotonic() - began
    assert thread.is_alive()
    thread.join(300)
    assert taken < 5
    assert len(answers[0].json()["data"]) == 2_048


def test_more_than_a_few_requests_at_once_are_told_to_wait(
    http: httpx.Client, workspace: Workspace
) -> None:
    many = ["The depot takes parcels until nine. " * 10] * 100
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(http, many))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 2
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    with tenant_context(workspace.tenant.id):
        assert (UsageRecord.objects.count(), Hold.objects.count()) == (4, 0)


async def test_tenants_take_turns_and_questions_go_first() -> None:
    embedder, order = LocalEmbedder(), list[str]()
    text = "The depot takes parcels until nine. " * 10

    async def many(name: str, count: int) -> None:
        async for _ in embedder.embed_in_turn([text] * count, tenant_id=tenants[name]):
            order.append(name)

    async def question() -> None:
        await embedder.embed_query("Until when?", tenant_id=uuid4())
        order.append("question")

    tenants = {name: uuid4() for name in ("big", "small")}
    # Four requests of one tenant beside one of another's.
    await asyncio.gather(*(many("big", 10) for _ in range(4)), many("small", 10), question())
    assert order.index("question") < 5
    last = max(at for at, name in enumerate(order) if name == "small")
    assert last < 25


# --- A service that costs money -----------------------------------------------------------


def free_of_price() -> None:
    with platform_context():
        Price.objects.filter(model=PAID).delete()


def test_what_costs_and_has_no_price_is_not_given(
    paid_web: Process, workspace: Workspace, service: FakeOpenAI
) -> None:
    free_of_price()
    marker = uuid4().hex
    with client(paid_web, workspace.secret_key) as http:
        answer = ask(http, marker, model=PAID)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert f"set_price {PAID}" in answer.json()["detail"]
    assert service.log(marker) == []


@pytest.fixture
def priced() -> Iterator[None]:
    set_price(model=PAID, input_per_million=Decimal(500), output_per_million=Decimal(0))
    yield
    free_of_price()


@pytest.mark.usefixtures("priced")
def test_what_costs_is_charged_by_its_price(
    paid_web: Process, workspace: Workspace, service: FakeOpenAI
) -> None:
    marker = uuid4().hex
    with client(paid_web, workspace.secret_key) as http:
        answer = ask(http, [marker] * 200, model=PAID)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["data"]) == 200
    assert len(service.log(marker)) == 3
    with tenant_context(workspace.tenant.id):
        record = UsageRecord.objects.get()
        assert record.tokens_in == answer.json()["usage"]["prompt_tokens"] == 200 * 11
        assert record.cost == Decimal("1.1")
        period = QuotaPeriod.objects.get()
        assert (period.cost_used, period.cost_held) == (Decimal("1.1"), Decimal(0))


def test_a_price_of_the_embedding_model_makes_it_no_answerer() -> None:
    set_price(model=MODEL, input_per_million=Decimal(1), output_per_million=Decimal(0))
    try:
        assert MODEL not in list_priced_models()
        assert "gpt-5-mini" in list_priced_models()
    finally:
        with platform_context():
            Price.objects.filter(model=MODEL).delete()


@pytest.mark.usefixtures("priced")
def test_what_the_budget_does_not_cover_is_not_asked_for(
    paid_web: Process, workspace: Workspace, service: FakeOpenAI
) -> None:
    marker = uuid4().hex
    with tenant_context(workspace.tenant.id):
        Budget.objects.create(cost_per_month=Decimal("0.01"))
    with client(paid_web, workspace.secret_key) as http:
        answer = ask(http, [marker] * 10, model=PAID)
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_exceeded")
    assert service.log(marker) == []
    with tenant_context(workspace.tenant.id):
        assert not UsageRecord.objects.exists()


@pytest.mark.usefixtures("priced")
def test_a_workspace_of_a_stranger_spends_nothing(
    paid_web: Process, workspace: Workspace, service: FakeOpenAI
) -> None:
    marker = uuid4().hex
    with platform_context():
        stranger = User.objects.create(email=f"{marker}@example.org", name="S", confirmed_at=None)
        Membership.objects.create(
            tenant=Tenant.objects.get(pk=workspace.tenant.id), user=stranger, role="owner"
        )
    with client(paid_web, workspace.secret_key) as http:
        answer = ask(http, marker, model=PAID)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert service.log(marker) == []


@pytest.mark.usefixtures("priced")
def test_a_service_that_fails_is_a_502_and_costs_what_it_has_done(
    paid_web: Process, workspace: Workspace, service: FakeOpenAI
) -> None:
    service.script({"status": 503})
    with client(paid_web, workspace.secret_key) as http:
        answer = ask(http, "x", model=PAID)
    service.reset()
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_failed")
    with tenant_context(workspace.tenant.id):
        assert not UsageRecord.objects.exists()
        assert not Hold.objects.exists()


def test_who_hangs_up_is_charged_and_nothing_stays_held(web: Process, workspace: Workspace) -> None:
    many = ["The depot takes parcels until nine. " * 10] * 2_000
    with client(web, workspace.secret_key) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/embeddings", json={"model": MODEL, "input": many}, timeout=0.5)
    with tenant_context(workspace.tenant.id):
        eventually(UsageRecord.objects.exists)
        assert not Hold.objects.exists()
