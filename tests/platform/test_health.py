"""/healthz and /readyz: ready is only who may serve, and a wrong login is never ready."""

from collections.abc import Callable

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tenants.keys.api_keys import generate
from tests.live import Process
from tests.platform.processes import dead_database, dead_redis, get, layout, with_database

SUPERUSER = "The web's login is a superuser: tenants are not walled off."
OWNER = "The web's login owns tables or may become their owner."


def test_a_healthy_process_is_alive_and_ready_on_every_host(web: Process) -> None:
    for host in ("localhost", "10.0.0.7", "nobody.localhost"):
        assert get(web, "/healthz", Host=host).json() == {"status": "ok"}
        ready = get(web, "/readyz", Host=host)
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "faults": []})


def faults(environment: dict[str, str]) -> list[str]:
    """What /readyz of a web process with this environment finds; it is alive all the same."""
    with Process("web", environment=environment) as web:
        assert get(web, "/healthz").status_code == 200
        ready = get(web, "/readyz")
    assert ready.status_code == 503
    body = ready.json()
    assert body["status"] == "unready"
    return list(body["faults"])


def test_without_postgresql_a_request_is_told_so() -> None:
    """From the first statement on, which is the look for its key."""
    with Process("web", environment=dead_database()) as web:
        answer = get(web, "/v1/models", Authorization=f"Bearer {generate('secret')}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "Internal Server Error" not in web.log()


def test_it_is_not_ready_without_redis_and_answers_all_the_same(
    make_workspace: Callable[[], Workspace],
) -> None:
    workspace = make_workspace()
    with Process("web", environment=dead_redis()) as web:
        assert get(web, "/readyz").json()["faults"] == ["Redis cannot be reached."]
        answer = httpx.post(
            f"{web.url}/v1/chat/completions",
            headers={"Authorization": f"Bearer {workspace.secret_key}"},
            json={
                "model": str(workspace.chatbot_id),
                "messages": [{"role": "user", "content": "Is anybody there?"}],
            },
            timeout=30,
            trust_env=False,
        )
        assert answer.status_code == 200
        assert "Traceback" not in web.log()


def test_it_is_not_ready_without_postgresql() -> None:
    assert faults(dead_database()) == ["PostgreSQL cannot be reached."]


def test_it_is_not_ready_with_a_superuser() -> None:
    assert SUPERUSER in faults(with_database(layout().superuser_url))


def test_it_is_not_ready_with_the_migration_login() -> None:
    """It lacks the platform's role, so that it cannot even ask."""
    assert faults(with_database(layout().migrator_url)) != []


def test_a_login_like_the_webs_would_be_ready(make_login: Callable[..., str]) -> None:
    with Process("web", environment=with_database(make_login())) as web:
        assert get(web, "/readyz").json() == {"status": "ready", "faults": []}


@pytest.mark.parametrize(
    "more",
    [
        'GRANT "chatbot_saas.owner" TO {login}',
        "CREATE SCHEMA AUTHORIZATION {login} CREATE TABLE own (id int)",
    ],
    ids=["may become the owner", "owns a table"],
)
def test_it_is_not_ready_with_a_login_that_owns(more: str, make_login: Callable[..., str]) -> None:
    assert faults(with_database(make_login(more))) == [OWNER]


def test_it_is_not_ready_when_migrations_are_missing() -> None:
    later = {"DJANGO_SETTINGS_MODULE": "tests.platform.later_release"}
    assert faults(later) == ["Migrations are missing: run manage.py migrate_tenants."]


def test_an_unknown_host_is_not_there(web: Process) -> None:
    for path in ("/", "/v1/models", "/metrics"):
        answer = get(web, path, Host="nobody.localhost")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
