"""How often a key may call: told on every answer, refused in time, open when it cannot be counted."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tenants.keys.api_keys import mint_secret_key
from tests.eventually import eventually
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
    answers = [ask(strict, workspace.secret_key)]
    while answers[-1].status_code == 200:
        answers.append(ask(strict, workspace.secret_key))
    # A minute may have begun anew in between.
    assert LIMIT < len(answers) <= 2 * LIMIT + 1
    assert remaining(answers[0]) == LIMIT - 1
    assert remaining(answers[-1]) == 0
    assert answers[-1].json()["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    # Another key of the same workspace has its own count, and so has nobody at all.
    assert ask(strict, mint_secret_key(tenant_id=workspace.tenant.id)).status_code == 200
    unknown = ask(strict, "cb_sk_live_nonsense")
    assert unknown.status_code == 401
    assert "x-ratelimit-limit-requests" not in unknown.headers


def refused(web: Process, key: str) -> httpx.Response:
    """The first refusal, or a look at the next."""
    return next(answer for _ in range(100) if (answer := ask(web, key)).status_code == 429)


def amid_a_minute(web: Process, key: str) -> None:
    """The key is refused, and not at the end of a minute, of which the next one lets some in."""
    eventually(lambda: int(refused(web, key).headers["retry-after"]) > 10, within=60)


def test_who_does_not_wait_is_told_the_same_again(strict: Process, workspace: Workspace) -> None:
    key, other = workspace.secret_key, mint_secret_key(tenant_id=workspace.tenant.id)
    amid_a_minute(strict, key)

    def told_twice() -> bool:
        first, again = refused(strict, key), ask(strict, key)
        assert (again.status_code, again.json()["code"]) == (429, "rate_limited")
        assert again.headers.keys() == first.headers.keys()
        return first.headers["x-request-id"] == again.headers["x-request-id"]

    # More than a second may pass between the two on a machine that stands still.
    assert any(told_twice() for _ in range(5))
    assert ask(strict, other).status_code == 200
    # Who asks something else is answered for that.
    elsewhere = {"Authorization": f"Bearer {key}"}
    usage = httpx.get(f"{strict.url}/v1/usage", headers=elsewhere, trust_env=False)
    assert usage.json()["instance"] == "/v1/usage"


def test_a_refusal_is_asked_for_anew_after_its_moment(
    strict: Process, workspace: Workspace
) -> None:
    first = refused(strict, workspace.secret_key).headers["x-request-id"]
    eventually(lambda: ask(strict, workspace.secret_key).headers["x-request-id"] != first)


def test_of_many_that_do_not_wait_one_asks_anew_at_a_time(
    strict: Process, workspace: Workspace
) -> None:
    key = workspace.secret_key
    amid_a_minute(strict, key)
    began = time.monotonic()

    def hammer(_: int) -> set[str]:
        told = set()
        while time.monotonic() - began < 3:
            told.add(ask(strict, key).headers["x-request-id"])
        return told

    with ThreadPoolExecutor(10) as pool:
        told = set[str]().union(*pool.map(hammer, range(10)))
    # One a second, and the first.
    assert len(told) <= time.monotonic() - began + 2


def turn(web: Process, workspace: Workspace, visitor: str | None) -> httpx.Response:
    return httpx.post(
        f"{web.url}/v1/chatbots/{workspace.chatbot_id}/turns",
        json={"text": "Hello?", "client_turn_id": uuid4().hex, "visitor_token": visitor},
        headers={
            "Authorization": f"Bearer {workspace.publishable_key}",
            "Origin": f"https://{workspace.tenant.host}",
        },
        timeout=60,
        trust_env=False,
    )


def test_what_one_visitor_is_told_is_no_answer_to_another(
    web: Process, workspace: Workspace
) -> None:
    impatient = turn(web, workspace, None).headers["x-visitor-token"]
    answers = [turn(web, workspace, impatient)]
    while answers[-1].status_code == 200:
        answers.append(turn(web, workspace, impatient))
    assert "You asked" in answers[-1].json()["detail"]
    assert turn(web, workspace, None).status_code == 200


def test_a_publishable_key_is_counted_by_address(workspace: Workspace) -> None:
    settings = {"API_REQUESTS_PER_MINUTE": str(LIMIT), "TRUSTED_PROXIES": "127.0.0.0/8"}
    with Process("web", environment=settings) as web:
        key = workspace.publishable_key
        first = [ask(web, key, **{"X-Forwarded-For": "203.0.113.7"}) for _ in range(2 * LIMIT + 1)]
        assert 429 in {answer.status_code for answer in first}
        other = ask(web, key, **{"X-Forwarded-For": "2001:db8::7"})
        assert (other.status_code, remaining(other)) == (403, LIMIT - 1)


def test_without_redis_requests_are_answered_and_not_counted(workspace: Workspace) -> None:
    with Process("web", environment={"REDIS_URL": "redis://127.0.0.1:1"}) as web:
        answer = ask(web, workspace.secret_key)
        assert answer.status_code == 200
        assert "x-ratelimit-limit-requests" not in answer.headers
