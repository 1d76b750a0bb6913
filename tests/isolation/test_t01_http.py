"""T1: hundreds of requests of many tenants at once never show one tenant another's."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import ingest
from tests.isolation.canaries import canary, foreign_in
from tests.live import Process

TENANTS, ROUNDS, PARALLEL = 8, 3, 60


def prepared(make_workspace: Callable[[], Workspace]) -> list[Workspace]:
    workspaces = [make_workspace() for _ in range(TENANTS)]
    for workspace in workspaces:
        subscribe(tenant_id=workspace.tenant.id, plan="demo")
        text = f"The secret word of our company is {canary(workspace)}. It changes every year."
        ingest(workspace.tenant.id, f"{canary(workspace)}.txt", text)
    return workspaces


async def one_visit(http: httpx.AsyncClient, workspace: Workspace) -> list[str]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    documents = await http.get("/v1/documents", headers=headers)
    models = await http.get("/v1/models", headers=headers)
    answer = await http.post(
        "/v1/chat/completions",
        headers=headers,
        json={
            "model": str(workspace.chatbot_id),
            "messages": [
                {"role": "user", "content": "What is the secret word of our company?"},
            ],
        },
    )
    return [documents.text, models.text, answer.text]


async def visit_all(web: Process, workspaces: list[Workspace]) -> list[str]:
    """What every tenant was shown that belongs to another."""
    limit, found = asyncio.Semaphore(PARALLEL), []
    # The server closes what is idle for 5 s: the client lets go before, or both would at once.
    limits = httpx.Limits(max_connections=PARALLEL, keepalive_expiry=2)
    async with httpx.AsyncClient(
        base_url=web.url, timeout=60, trust_env=False, limits=limits
    ) as http:

        async def visit(workspace: Workspace) -> None:
            async with limit:
                for text in await one_visit(http, workspace):
                    found.extend(foreign_in(text, workspace))

        await asyncio.gather(*(visit(workspace) for workspace in workspaces * ROUNDS))
    return found


@pytest.mark.parametrize("broken", [None, "tenant_on_middleware"])
def test_t01_no_answer_holds_a_foreign_canary(
    broken: str | None, make_workspace: Callable[[], Workspace]
) -> None:
    workspaces = prepared(make_workspace)
    with Process("web", broken=broken) as web:
        found = asyncio.run(visit_all(web, workspaces))
    if broken:
        assert found, "the broken build must show foreign canaries"
    else:
        assert found == []
        assert '"status": 500' not in web.log()
