"""How often a key may call: told on every answer, refused in time, open when it cannot be counted."""

from collections.abc import Iterator

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tenants.keys.api_keys import mint_secret_key
from tests.live import Process

LIMIT = 5


@pytest.fixture(scope="module")
def strict() -> Iterator[Process]:
    with Process("web", environment={"API_REQUESTS_PER_MINUTE": str(LIMIT)}) as process:
        yield process


def ask(web: Process, key: str, **headers: str) -> httpx.Response:
    return httpx.get(
        f"{web.url}/v1/models",
        headers={"Authorization": f"Bearer {key}", **headers},
        trust_env=False,
    )


def remaining(answer: httpx.Response) -> int:
    assert answer.headers["x-ratelimit-limit-requests"] == str(LIMIT)
    assert 1 <= int(answer.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60
    return int(answer.headers["x-ratelimit-remaining-requests"])


def test_a_key_is_told_how_it_stands_and_refused_in_time(
    strict: Process, workspace: Workspace
) -> None:
    answers = [ask(strict, workspace.secret_key) for _ in range(2 * LIMIT)]
    # A minute may have begun anew in between.
    assert [answer.status_code for answer in answers].count(429) >= LIMIT - 1
    assert remaining(answers[0]) == LIMIT - 1
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert remaining(refused) == 0
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    # Another key of the same workspace has its own count, and so has nobody at all.
    assert ask(strict, mint_secret_key(tenant_id=workspace.tenant.id)).status_code == 200
    unknown = ask(strict, "cb_sk_live_nonsense")
    assert unknown.status_code == 401
    assert "x-ratelimit-limit-requests" not in unknown.headers


def test_a_publishable_key_is_counted_by_address(workspace: Workspace) -> None:
    settings = {"API_REQUESTS_PER_MINUTE": str(LIMIT), "TRUSTED_PROXIES": "127.0.0.0/8"}
    with Process("web", environment=settings) as web:
        key = workspace.publishable_key
        first = [ask(web, key, **{"X-Forwarded-For": "203.0.113.7"}) for _ in range(2 * LIMIT)]
        assert 429 in {answer.status_code for answer in first}
        other = ask(web, key, **{"X-Forwarded-For": "2001:db8::7"})
        assert (other.status_code, remaining(other)) == (403, LIMIT - 1)


def test_without_redis_requests_are_answered_and_not_counted(workspace: Workspace) -> None:
    with Process("web", environment={"REDIS_URL": "redis://127.0.0.1:1"}) as web:
        answer = ask(web, workspace.secret_key)
        assert answer.status_code == 200
        assert "x-ratelimit-limit-requests" not in answer.headers
