"""What every operation of the API shares: its methods, one form of answers, forms, exposed headers."""

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tests.live import Process


@pytest.fixture
def http(web: Process, workspace: Workspace) -> httpx.Client:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    return httpx.Client(base_url=web.url, headers=headers, trust_env=False)


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.1", "application/xml", "nonsense", ""])
def test_whoever_asks_for_another_form_gets_json_too(http: httpx.Client, accept: str) -> None:
    answer = http.get("/v1/documents", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    refused = http.get("/v1/documents?limit=0", headers={"Accept": accept})
    assert refused.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(
    http: httpx.Client, method: str
) -> None:
    for key in (http.headers["Authorization"], ""):
        answer = http.request(
            method, "/v1/documents", headers={"Authorization": key} if key else {}
        )
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert answer.json()["detail"] == "Use GET or HEAD or POST here."


def test_a_file_comes_in_a_form_alone(http: httpx.Client) -> None:
    assert http.post("/v1/documents", json={"file": "text"}).status_code == 415
    broken = {"Content-Type": "multipart/form-data"}
    assert http.post("/v1/documents", content=b"x", headers=broken).status_code == 400
    assert http.post("/v1/documents", files={"other": b"x"}).json()["error"]["param"] == "file"


def test_a_page_may_read_how_often_it_may_ask(web: Process, workspace: Workspace) -> None:
    answer = httpx.get(
        f"{web.url}/v1/chatbots/{workspace.chatbot_id}/turns",
        headers={"Authorization": f"Bearer {workspace.publishable_key}"},
        trust_env=False,
    )
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {name for name in answer.headers if name.startswith("x-ratelimit-")} <= {*exposed}
    assert "x-ratelimit-limit-requests" in answer.headers
