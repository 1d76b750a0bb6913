"""/metrics: for the operator alone, counting what happened, naming no tenant."""

import os
import select
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from conversations.chatbots.onboarding import Workspace
from tests.eventually import eventually
from tests.live import Process
from tests.platform.processes import get
from tests.reliability.test_up import free_port
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


@pytest.mark.parametrize("address", ["10.1.2.3:8000", "[fd00::7]:8000"])
def test_a_scrape_that_asks_a_process_by_its_address_is_answered(
    web: Process, address: str
) -> None:
    """Prometheus cannot choose the Host header of a container that it found by itself."""
    assert "chatbot_" in get(web, "/metrics", Authorization=TOKEN, Host=address).text
    for path, headers in (("/metrics", {}), ("/signup", {"Authorization": TOKEN})):
        refused = get(web, path, Host=address, **headers)
        assert refused.status_code == 404


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

        # Another test's process may have done a ticket of this one, and counts for itself.
        for number in range(10):
            if moved("chatbot_documents_total") >= 1:
                break
            upload(http, f"more-{number}.md", f"# More\n\nPart {number} of the depot.\n")
            text = read_metrics(web)
            after = totals(text)
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


def test_a_worker_of_its_own_tells_its_counters_for_the_token(workspace: Workspace) -> None:
    port = free_port()
    with Process("worker", environment={"WORKER_METRICS_PORT": str(port)}):
        url = f"http://127.0.0.1:{port}"
        found = httpx.get(f"{url}/metrics", headers={"Authorization": TOKEN}, trust_env=False)
        assert "chatbot_tickets" in found.text
        for path, headers in (("/metrics", {}), ("/", {"Authorization": TOKEN})):
            refused = httpx.get(url + path, headers=headers, trust_env=False)
            assert (refused.status_code, refused.text) == (404, "")


def slow_caller(port: int, head: bytes, *, every: float) -> float:
    """Sends the head byte by byte; the seconds until it is let go."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        for byte in head:
            if select.select([caller], [], [], every)[0]:
                break
            caller.sendall(bytes([byte]))
        with suppress(ConnectionError):
            caller.recv(1)
    return time.monotonic() - began


def test_slow_and_silent_callers_keep_no_scrape_waiting() -> None:
    port = free_port()
    environment = {"WORKER_METRICS_PORT": str(port)}
    with Process("worker", environment=environment) as worker, ThreadPoolExecutor(4) as pool:
        eventually(lambda: worker_tells(port))
        head = b"GET /metrics HTTP/1.0\r\n" + b"X: " + b"x" * 60
        slow = [pool.submit(slow_caller, port, head, every=each) for each in (0.5, 3, 20, 20)]
        with socket.create_connection(("127.0.0.1", port)) as hasty:
            # Goes away with an answer on its way.
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            hasty.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        took = []
        while not all(each.done() for each in slow):
            began = time.monotonic()
            assert worker_tells(port)
            took.append(time.monotonic() - began)
            time.sleep(0.3)
        assert max(took) < 4
        assert max(each.result() for each in slow) < 15
        assert "Traceback" not in worker.log()


def worker_tells(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        answer = httpx.get(url, headers={"Authorization": TOKEN}, trust_env=False, timeout=30)
    except httpx.ConnectError:
        return False
    return answer.status_code == 200
