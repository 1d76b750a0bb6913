"""Paths of the API and how they are asked for: nearly right ones, HEAD, parameters that nobody knows."""

import re
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from billing.models import Budget
from chatbot_saas.api.schema import description
from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tests.conversations.pictures import png
from tests.live import Process

FACT = "What is the access code of the Zorblatt depot?"
ELSEWHERE = "01a1fd78-516d-74f9-be07-1de5be77378b"


@pytest.fixture
def http(web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/api/v1/chat/completions", "/v1/chat/completions"),
        ("/openai/deployments/x/chat/completions", "/v1/chat/completions"),
        ("/v1/completions", "/v1/chat/completions"),
        ("/v1/responses", "/v1/chat/completions"),
        ("/responses", "/v1/chat/completions"),
        ("/embeddings", "/v1/embeddings"),
        ("/models", "/v1/models"),
        ("/v1/models/", "/v1/models"),
        ("/documents", "/v1/documents"),
        (f"/chatbots/{ELSEWHERE}/turns", f"/v1/chatbots/{ELSEWHERE}/turns"),
    ],
)
def test_a_path_that_is_nearly_right_is_told_which_is(
    http: httpx.Client, path: str, meant: str
) -> None:
    for method in ("GET", "POST"):
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"
        assert f"Did you mean {meant}?" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/audio/speech", "/x" * 500, "/v1" + "/v1" * 500]
)
def test_any_other_is_told_where_all_are_listed(http: httpx.Client, path: str) -> None:
    told = http.get(path).json()["detail"]
    assert told == "There is nothing at this address. /docs/api lists every path of the API."
    assert http.get("/docs/api").status_code == 200


def test_a_page_that_is_not_there_offers_no_path_of_the_api(http: httpx.Client) -> None:
    answer = http.get("/chat/completions", headers={"Accept": "text/html"})
    assert (answer.status_code, "/v1/chat" in answer.text) == (404, False)


def read_paths() -> list[str]:
    return [path for path, methods in description()["paths"].items() if "get" in methods]


@pytest.mark.parametrize("path", read_paths())
def test_a_head_is_answered_like_a_get_without_its_body(
    http: httpx.Client, workspace: Workspace, path: str
) -> None:
    asked = http.post(
        f"/v1/chatbots/{workspace.chatbot_id}/turns", json={"text": FACT, "client_turn_id": "1"}
    )
    ids = {
        "chatbot_id": str(workspace.chatbot_id),
        "model": str(workspace.chatbot_id),
        "conversation_id": asked.headers["X-Conversation-ID"],
        "turn_id": asked.text.partition("id: ")[2].partition(":")[0],
        "document_id": http.get("/v1/documents").json()["data"][0]["id"],
    }
    http.put(f"/v1/chatbots/{workspace.chatbot_id}/avatar", files={"file": ("me.png", png())})
    where = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)
    got, head = http.get(where), http.head(where)
    assert (head.status_code, head.content) == (200, b"")
    assert got.status_code == 200
    for name in ("content-type", "content-length", "cache-control", "access-control-allow-origin"):
        assert head.headers.get(name) == got.headers.get(name)
    unknown = http.head(where, headers={"Authorization": "Bearer cb_sk_live_nonsense"})
    assert (unknown.status_code, unknown.content) == (401, b"")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs/api", "/widget/v1.js", "/login"])
def test_what_is_no_api_answers_a_head_too(
    http: httpx.Client, workspace: Workspace, path: str
) -> None:
    headers = {"Host": workspace.tenant.host}
    got, head = http.get(path, headers=headers), http.head(path, headers=headers)
    assert head.status_code == got.status_code
    assert head.content == b""


def test_a_head_waits_for_no_turn(http: httpx.Client, workspace: Workspace) -> None:
    turns = f"/v1/chatbots/{workspace.chatbot_id}/turns"
    refused = http.head(turns)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/documents?limt=5",
        "/v1/documents?format=html",
        f"/v1/documents/{ELSEWHERE}?limit=5",
        "/v1/conversations?chatbot=x",
        "/v1/conversations?answered=false&fedback=up",
        "/v1/usage?month=1",
        "/v1/usage/days?from=2030-01-01",
        "/v1/usage/days?limit=5",
        "/v1/models?limit=5",
        "/v1/openapi.json?x=",
        "/v1/keys?page=2",
    ],
)
def test_a_parameter_that_a_path_does_not_have_is_named(http: httpx.Client, path: str) -> None:
    name = path.rpartition("?")[2].rpartition("&")[2].partition("=")[0]
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == name
    assert f"“{name}”" in answer.json()["detail"]


def test_a_parameter_where_a_body_belongs_is_named(
    http: httpx.Client, workspace: Workspace
) -> None:
    turns = f"/v1/chatbots/{workspace.chatbot_id}/turns"
    for path in ("/v1/chat/completions", "/v1/embeddings", "/v1/chatbots", "/v1/documents", turns):
        answer = http.post(f"{path}?api-version=1", json={})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "api-version"), path


def test_those_that_it_has_are_taken(http: httpx.Client) -> None:
    for path in (
        "/v1/documents?limit=5&cursor=",
        "/v1/conversations?search=x&answered=true&feedback=up&limit=3&chatbot_id=",
        "/v1/usage/days?since=2030-01-01&until=2030-01-02",
    ):
        assert http.get(path).status_code == 200
        assert http.head(path).status_code == 200


def test_who_has_no_key_learns_nothing_of_parameters(web: Process) -> None:
    answer = httpx.get(f"{web.url}/v1/documents?nonsense=1", trust_env=False)
    assert answer.status_code == 401


def test_money_is_written_without_an_exponent(http: httpx.Client, workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        Budget.objects.create(cost_per_month=Decimal("0.000000100"))
    body = {
        "model": str(workspace.chatbot_id),
        "messages": [{"role": "user", "content": FACT}],
    }
    assert http.post("/v1/chat/completions", json=body).status_code == 200
    month = http.get("/v1/usage").json()
    [day] = http.get("/v1/usage/days").json()["data"]
    [conversation] = http.get("/v1/conversations").json()["data"]
    messages = http.get(f"/v1/conversations/{conversation['id']}/messages").json()["data"]
    told = [month["cost_used"], month["budget"], day["cost"], conversation["cost"]]
    told += [message["turn"]["cost"] for message in messages if message["turn"]]
    assert len(told) > 4
    for amount in filter(None, told):
        assert re.fullmatch(r"\d+(\.\d+)?", amount), amount
    assert month["budget"] == "0.000000100"
