"""Logs: JSON with ids, and not a word of what people wrote."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tenants.schemas.provisioning import TenantRef
from tests.conversations.client import Chat
from tests.fake_openai import running
from tests.live import Process
from tests.platform.log_mapping import unfit_members
from tests.test_main_job import ask, client, upload


def lines(process: Process) -> list[dict[str, Any]]:
    """Every line of a process's log; one that is no JSON object fails."""
    found = [json.loads(line) for line in process.log().splitlines()]
    assert all(isinstance(line, dict) for line in found)
    return found


def json_lines(worker: Process) -> list[dict[str, Any]]:
    """A worker's lines, without Celery's banner."""
    return [json.loads(line) for line in worker.log().splitlines() if line.startswith("{")]


def test_logs_hold_ids_and_no_content(make_workspace: Callable[[], Workspace]) -> None:
    """A canary is uploaded, asked for, answered, and brought to a failing provider."""
    workspace, canary, request_id = make_workspace(), f"CANARY{uuid4().hex}", f"id-{uuid4().hex}"
    tokens = [workspace.secret_key, workspace.publishable_key]
    with running() as fake:
        model = {"LLM_BASE_URL": fake.url, "LLM_READ_TIMEOUT": "2", "LLM_FIRST_TEXT_TIMEOUT": "2"}
        with (
            Process("web") as web,
            Process("web", environment={**model, "LOG_LEVEL": "DEBUG"}) as failing,
            Process("worker", environment={"LOG_LEVEL": "DEBUG"}) as worker,
        ):
            with client(web, workspace) as http:
                upload(http, f"{canary}.md", f"# Depot\n\nThe access code {canary} is 48213.\n")
                assert canary in str(ask(http, workspace, f"What is the access code {canary}?"))
                http.get(
                    "/v1/documents", params={"cursor": canary}, headers={"X-Request-ID": request_id}
                )
                broken = {"file": (f"{canary}.pdf", f"%PDF-1.7 {canary}".encode())}
                http.post("/v1/documents", files=broken)
            fake.script({"match": canary, "status": 500, "times": 9})
            with client(failing, workspace) as http:
                http.post(
                    "/v1/chat/completions",
                    json={
                        "model": str(workspace.chatbot_id),
                        "messages": [{"role": "user", "content": f"What is {canary}?"}],
                    },
                )
            host = workspace.tenant.host
            with Chat(web.socket_url, workspace.publishable_key, origin=f"https://{host}") as chat:
                tokens.append(chat.ready["visitor_token"])
                chat.answer(f"What is the access code {canary}?")
                chat.send_raw(json.dumps({"type": canary}))
                chat.next()
        for process in (web, failing, worker):
            log = process.log()
            assert log
            assert canary not in log
            assert not [token for token in tokens if token in log or token[20:40] in log]
        told = [*lines(web), *lines(failing), *json_lines(worker)]
        assert unfit_members(told) == set()
        requests = [line for line in lines(web) if line["logger"] == "chatbot_saas.request"]
    assert all(line["request_id"] for line in requests)
    assert {line["tenant_id"] for line in requests} == {str(workspace.tenant.id)}
    (named,) = [line for line in requests if line["request_id"] == request_id]
    assert (named["method"], named["path"], named["status"]) == ("GET", "/v1/documents", 400)


def test_a_request_id_is_answered_logged_and_stands_in_the_error(web: Process) -> None:
    given = f"id-{uuid4().hex}"
    for sent, kept in ((given, True), ("short", False), ("with space in it", False)):
        answer = httpx.get(f"{web.url}/v1/models", headers={"X-Request-ID": sent}, trust_env=False)
        got = answer.headers["x-request-id"]
        assert (got == sent) is kept
        assert answer.json()["request_id"] == got
        assert f'"request_id": "{got}"' in web.log()


def test_two_requests_at_once_do_not_share_an_id(web: Process, workspace: Workspace) -> None:
    with client(web, workspace) as http:
        ids = {http.get("/v1/models").headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_not_logged(path: str, web: Process) -> None:
    given = f"id-{uuid4().hex}"
    httpx.get(f"{web.url}{path}", headers={"X-Request-ID": given}, trust_env=False)
    assert given not in web.log()


@pytest.mark.parametrize(
    "path", ["/invitations/{}", "/password/reset/{}/x", "/password/reset/x/{}", "/enter?ticket={}"]
)
def test_a_links_secret_is_not_logged(web: Process, tenant: TenantRef, path: str) -> None:
    canary = f"CANARY{uuid4().hex}"
    headers = {"Host": tenant.host, "Accept": "text/html"}
    answer = httpx.get(web.url + path.format(canary), headers=headers, trust_env=False)
    assert answer.status_code == 404
    assert answer.headers["x-request-id"] in web.log()
    # Django itself logs what it refuses for want of a token.
    refused = httpx.post(web.url + path.format(canary), headers=headers, trust_env=False)
    assert refused.status_code in {403, 405}
    assert canary not in web.log()
