"""/metrics: for the operator alone, counting what happened, naming no tenant."""

import os
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from conversations.chatbots.onboarding import Workspace
from tests.live import Process
from tests.platform.processes import get
from tests.test_main_job import ask, client, upload

TOKEN = f"Bearer {os.environ['METRICS_TOKEN']}"


def read_metrics(web: Process) -> str:
    answer = get(web, "/metrics", Authorization=TOKEN)
    assert answer.status_code == 200
    return answer.text


def totals(text: str) -> dict[str, float]:
    """Each sample's value, summed over its labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"{TOKEN}x"},
        {"Authorization": TOKEN, "Host": "nobody.localhost"},
    ],
)
def test_without_the_token_or_off_the_platform_there_is_nothing(
    web: Process, headers: dict[str, str]
) -> None:
    answer = get(web, "/metrics", **headers)
    assert answer.status_code == 404
    assert "chatbot_" not in answer.text


def test_on_a_tenants_host_there_is_nothing(web: Process, workspace: Workspace) -> None:
    answer = get(web, "/metrics", Authorization=TOKEN, Host=workspace.tenant.host)
    assert (answer.status_code, answer.text) == (404, "")


def test_without_a_configured_token_there_is_nothing() -> None:
    with Process("web", environment={"METRICS_TOKEN": ""}) as web:
        for authorization in ("Bearer", "", TOKEN):
            assert get(web, "/metrics", Authorization=authorization).status_code == 404


def test_a_turn_and_an_ingestion_move_the_counters_and_name_nobody(
    web: Process, worker: Process, make_workspace: Callable[[], Workspace]
) -> None:
    """By that much at least: other processes of the run are counted too."""
    workspace = make_workspace()
    before = totals(read_metrics(web))
    with client(web, workspace) as http:
        document_id = upload(http, "depot.md", "# Depot\n\nThe access code of Zorblatt is 48213.\n")
        ask(http, workspace, "What is the access code of Zorblatt?")
    text = read_metrics(web)
    after = totals(text)

    def moved(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert moved("chatbot_turns_total") >= 1
    assert moved("chatbot_time_to_first_token_seconds_count") >= 1
    assert moved("chatbot_tokens_total") > 0
    assert moved("chatbot_documents_total") >= 1
    assert moved("chatbot_pages_total") >= 1
    assert moved("chatbot_chunks_embedded_total") >= 1
    assert moved("chatbot_tickets_total") >= 1
    tenant = workspace.tenant
    for name in (tenant.slug, str(tenant.id), tenant.id.hex, str(workspace.chatbot_id)):
        assert name not in text
    assert document_id not in text


def test_a_refusal_is_counted(web: Process, make_workspace: Callable[[], Workspace]) -> None:
    workspace = make_workspace()
    name = "chatbot_turn_refusals_total"
    before = totals(read_metrics(web)).get(name, 0)
    refused = httpx.post(
        f"{web.url}/v1/chatbots/{workspace.tenant.id}/turns",
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        json={"text": "Is anybody there?", "client_turn_id": "1"},
        trust_env=False,
    )
    assert refused.status_code == 404
    assert totals(read_metrics(web))[name] >= before + 1
