"""The platform's money: a workspace whose owners have proved no address costs nothing."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from billing.selectors import plan_limits
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.turns.retrieval import find_passages
from core.errors import PermissionDenied
from knowledge.embeddings.registry import EmbeddingChoice, choose
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.models import User
from tenants.people.accounts import confirm, create_account, prepare_password
from tenants.people.memberships import add_member
from tests.conversations.client import ORIGIN, Chat, ingest
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process
from tests.pages import PASSWORD, make_member

TEXT = "The access code of the Zorblatt depot is 48213."


def claim(workspace: Workspace) -> User:
    """An owner who named an address and proved nothing."""
    email = f"p{uuid4().hex[:16]}@example.org"
    user = create_account(email=email, name="", password=prepare_password(PASSWORD))
    add_member(tenant_id=workspace.tenant.id, user_id=user.pk, role="owner")
    return user


def new_workspace() -> Workspace:
    return create_workspace(slug=f"w{uuid4().hex[:16]}", name="Shop", origins=[ORIGIN])


def ask(web: Process, workspace: Workspace, question: str) -> str:
    answer = httpx.post(
        f"{web.url}/v1/chat/completions",
        json={
            "model": str(workspace.chatbot_id),
            "messages": [{"role": "user", "content": question}],
        },
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def answerer(web: Process, workspace: Workspace) -> str:
    with Chat(web.socket_url, workspace.publishable_key) as chat:
        return str(chat.ready["answerer"]["kind"])


def test_no_model_is_asked_before_an_owner_has_proved_an_address(
    model_web: Process, fake: FakeOpenAI
) -> None:
    workspace = new_workspace()
    owner = claim(workspace)
    code = uuid4().hex[:12]
    ingest(workspace.tenant.id, "depot.md", f"The access code of the Zorblatt depot is {code}.")
    question = "What is the access code of the Zorblatt depot?"
    assert code in ask(model_web, workspace, question)
    assert answerer(model_web, workspace) == "offline"
    assert fake.log(code) == []
    with platform_context():
        confirm(owner)
    fake.script({"match": code, "text": "A model wrote this."})
    eventually(lambda: answerer(model_web, workspace) == "model")
    assert ask(model_web, workspace, question) == "A model wrote this."
    assert len(fake.log(code)) == 1


def test_one_owner_with_an_address_is_enough_and_another_role_is_not() -> None:
    workspace = new_workspace()
    # Made by a command: the platform's own.
    assert plan_limits(workspace.tenant.id).may_spend
    claim(workspace)
    make_member(workspace.tenant, "admin")
    assert not plan_limits(workspace.tenant.id).may_spend
    make_member(workspace.tenant, "owner")
    assert plan_limits(workspace.tenant.id).may_spend


@pytest.fixture
def paid_embeddings(fake: FakeOpenAI) -> Iterator[FakeOpenAI]:
    choose(EmbeddingChoice(base_url=fake.url, model="m", dimensions=384))
    yield fake
    choose(EmbeddingChoice())


async def find_nothing(workspace: Workspace, query: str) -> list[object]:
    found, _ = await find_passages(
        workspace.tenant.id, query, budget=1000, source_ids=(), may_spend=False
    )
    return list(found)


def test_no_embedding_is_bought_either(paid_embeddings: FakeOpenAI) -> None:
    query = uuid4().hex
    assert asyncio.run(find_nothing(new_workspace(), query)) == []
    assert paid_embeddings.log(query) == []


@pytest.mark.usefixtures("paid_embeddings")
def test_a_file_waits_for_the_proof_where_embeddings_cost_something() -> None:
    workspace = new_workspace()
    owner = claim(workspace)
    with tenant_context(workspace.tenant.id):
        with pytest.raises(PermissionDenied):
            create_document(filename="depot.md", content=TEXT.encode())
        assert not Document.objects.exists()
    with platform_context():
        confirm(owner)
    with tenant_context(workspace.tenant.id):
        assert create_document(filename="depot.md", content=TEXT.encode(), queued=False)[1]
