"""The main job, over the API: a document goes in, a question comes, a grounded, cited answer goes out."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tests.eventually import eventually
from tests.live import Process

READY_SECONDS = 20.0


def client(web: Process, workspace: Workspace) -> httpx.Client:
    return httpx.Client(
        base_url=web.url,
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        timeout=30,
        trust_env=False,
    )


def upload(http: httpx.Client, name: str, text: str) -> str:
    """Post a document and wait until it can be searched; its id."""
    response = http.post("/v1/documents", files={"file": (name, text.encode())})
    assert response.status_code == 202, response.text
    document_id = response.json()["id"]

    def is_ready() -> bool:
        body = http.get(f"/v1/documents/{document_id}").json()
        assert body["status"] != "failed", body
        return bool(body["status"] == "ready")

    eventually(is_ready, within=READY_SECONDS)
    return str(document_id)


def ask(http: httpx.Client, workspace: Workspace, question: str) -> dict[str, Any]:
    response = http.post(
        "/v1/chat/completions",
        json={
            "model": str(workspace.chatbot_id),
            "messages": [{"role": "user", "content": question}],
        },
    )
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.usefixtures("worker")
def test_a_random_fact_is_quoted_and_cited_for_its_tenant_alone(
    web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    ours, theirs = make_workspace(), make_workspace()
    code = uuid4().hex[:8]
    text = f"# Depot handbook\n\nThe access code of the Zorblatt depot is {code}. Ring twice.\n"
    question = "What is the access code of the Zorblatt depot?"
    with client(web, ours) as http:
        document_id = upload(http, "depot.md", text)
        answer = ask(http, ours, question)
        off_topic = ask(http, ours, "Who won the chess olympiad of 1974?")
    with client(web, theirs) as http:
        foreign = ask(http, theirs, question)
    assert code in answer["choices"][0]["message"]["content"]
    assert [citation["document_id"] for citation in answer["citations"]] == [document_id]
    assert off_topic["citations"] == []
    assert foreign["citations"] == []
    assert code not in str(foreign)
