"""/metrics: for the operator alone, counting what happened, naming no tenant."""

import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from conversations.chatbots.onboarding import Workspace
from core.areas import AREAS, UNKNOWN
from tenants.backend.shares import Shares, Usage
from tenants.context import tenant_context
from tenants.schemas.lifecycle import suspend_tenant
from tenants.work import tickets
from tests.eventually import eventually
from tests.live import Process
from tests.platform.processes import dead_redis, get, with_database
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


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Each sample's value by its name and labels, summed over processes."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = (value for name, value in sample.labels.items() if name not in ("pid", "le"))
            key = (sample.name, *labels)
            found[key] = found.get(key, 0) + sample.value
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


@pytest.mark.parametrize("host", ["web1", "web1:8000", "172.30.83.11:8000", "[fd00::7]:8000"])
def test_under_a_name_inside_the_network_there_are_counters_and_nothing_else(
    web: Process, host: str
) -> None:
    """As Prometheus asks, which names the process and cannot send another Host."""
    assert "chatbot_turns_total" in get(web, "/metrics", Authorization=TOKEN, Host=host).text
    assert get(web, "/metrics", Host=host).status_code == 404
    assert get(web, "/login", Authorization=TOKEN, Host=host).status_code == 404


@pytest.fixture(scope="module")
def lone_web() -> Iterator[Process]:
    """As in a container: what another process found or did is not in its answer."""
    with Process("web", counts_alone=True) as process:
        yield process


def test_what_no_process_counts_is_looked_up(lone_web: Process, workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        # Of a kind that no worker knows, so it waits.
        kind = f"k{uuid4().hex[:12]}"
        due, later = timezone.now() - timedelta(hours=2), timezone.now() + timedelta(hours=1)
        for due_at in (due, later):
            tickets.enqueue(kind, {}, due_at=due_at)
    found = samples(read_metrics(lone_web))
    assert found["chatbot_queue_depth", kind] == 2
    assert 7200 <= found["chatbot_queue_age_seconds", kind] < 7500
    for part in ("database", "redis", "files"):
        assert found["chatbot_ready", part] == 1
    assert found["chatbot_workspaces", "active"] >= 1
    assert found["chatbot_redis_memory_bytes",] > 100_000
    assert found["chatbot_redis_memory_limit_bytes",] >= 0
    suspend_tenant(tenant_id=workspace.tenant.id, actor="test", reason="To see its queue.")
    found = samples(read_metrics(lone_web))
    assert found["chatbot_queue_age_seconds", kind] == 0
    assert found["chatbot_workspaces", "suspended"] >= 1


def test_a_part_that_is_away_is_told() -> None:
    with Process("web", environment=dead_redis(), counts_alone=True) as web:
        found = samples(read_metrics(web))
    assert (found["chatbot_ready", "redis"], found["chatbot_ready", "database"]) == (0, 1)


def test_servers_that_say_nothing_hold_no_scrape_up() -> None:
    """Else Prometheus gives up, and the process counts as down and not as unready."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        database = with_database(f"postgresql://app:secret@127.0.0.1:{port}/chatbot_saas")
        environment = {**database, "REDIS_URL": f"redis://127.0.0.1:{port}"}
        with Process("web", environment=environment, counts_alone=True) as web:
            for _ in range(2):
                began = time.monotonic()
                found = samples(read_metrics(web))
                assert time.monotonic() - began < 6
                assert found["chatbot_ready", "database"] == found["chatbot_ready", "redis"] == 0


def test_requests_are_counted_by_area_and_status_and_probes_are_not(web: Process) -> None:
    before = samples(read_metrics(web))
    get(web, "/v1/models")
    get(web, f"/{uuid4().hex}")
    get(web, "/healthz")
    after = samples(read_metrics(web))
    for row in (("API", "401"), ("unknown", "404")):
        name = ("chatbot_requests_total", *row)
        assert after[name] >= before.get(name, 0) + 1
    assert after["chatbot_request_duration_seconds_count", "API"] >= 1
    areas = {labels[1] for labels in after if labels[0] == "chatbot_requests_total"}
    assert areas <= {area.name for area in (*AREAS, UNKNOWN)} - {"probes", "metrics"}


def test_connections_that_are_used_and_waited_for_are_told() -> None:
    some = Shares(2, 1)
    some.take("a")
    assert some.usage() == Usage(held=1, waiting=0, total=2)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(some.take, "a", within=30)
        eventually(lambda: some.usage() == Usage(held=1, waiting=1, total=2))
        some.give_back("a")
        second.result()
    with pytest.raises(OperationalError):
        some.take("a", within=0.01)
    assert some.usage() == Usage(held=1, waiting=0, total=2)


def test_what_has_not_happened_yet_is_told_as_zero(lone_web: Process) -> None:
    """A rate of a series that begins with its first fault would be none."""
    found = samples(read_metrics(lone_web))
    for outcome in ("completed", "stopped", "interrupted", "failed"):
        assert found["chatbot_turns_total", outcome] == 0
    assert found["chatbot_documents_total", "failed"] == 0
    assert found["chatbot_database_connections", "waiting"] == 0
    assert found["chatbot_database_connections_limit",] == settings.DATABASE_POOL_SIZE


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
