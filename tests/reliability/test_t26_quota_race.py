"""T26: however many ask at once, over however many processes, no more is admitted than is allowed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from billing.catalog.models import Plan
from billing.catalog.services import subscribe
from billing.models import Hold, QuotaPeriod, UsageRecord
from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context, tenant_context
from tests.live import Process

LIMIT, ASKED, PROCESSES = 10, 48, 2


def limited_plan() -> str:
    code = f"p{uuid4().hex[:12]}"
    with platform_context():
        Plan.objects.create(
            code=code,
            name="Ten a month",
            messages_per_month=LIMIT,
            cost_per_month=Decimal(1),
            turns_per_minute=10_000,
            visitor_turns_per_minute=10_000,
            documents=10,
        )
    return code


async def ask_at_once(webs: list[Process], workspace: Workspace) -> list[httpx.Response]:
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {workspace.secret_key}"}, timeout=60, trust_env=False
    ) as http:
        body = {
            "model": str(workspace.chatbot_id),
            "messages": [{"role": "user", "content": "Is anybody there?"}],
        }

        async def ask(web: Process) -> httpx.Response:
            while True:
                answer = await http.post(f"{web.url}/v1/chat/completions", json=body)
                # So many at once may be told to come again, and do.
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(int(answer.headers["retry-after"]))

        return await asyncio.gather(*(ask(webs[n % PROCESSES]) for n in range(ASKED)))


@pytest.mark.parametrize("broken", [None, "check_then_charge"])
def test_t26_the_quota_admits_exactly_what_it_allows(
    broken: str | None, make_workspace: Callable[[], Workspace]
) -> None:
    workspace = make_workspace()
    subscribe(tenant_id=workspace.tenant.id, plan=limited_plan())
    with ExitStack() as stack:
        webs = [stack.enter_context(Process("web", broken=broken)) for _ in range(PROCESSES)]
        responses = asyncio.run(ask_at_once(webs, workspace))
    statuses = Counter(response.status_code for response in responses)
    with tenant_context(workspace.tenant.id):
        charged = UsageRecord.objects.count()
        period = QuotaPeriod.objects.get()
        holds = Hold.objects.count()
    if broken:
        assert charged > LIMIT, "the broken build must overshoot"
        return
    assert statuses == {200: LIMIT, 429: ASKED - LIMIT}
    assert (charged, period.messages_used, period.messages_held, holds) == (LIMIT, LIMIT, 0, 0)
    refused = next(response for response in responses if response.status_code == 429).json()
    assert refused["code"] == "message_quota_exceeded"
    assert refused["error"]["type"] == "insufficient_quota"
    assert "10 messages a month" in refused["detail"]
    assert refused["until"].endswith("-01T00:00:00+00:00")
