"""RabbitMQ as the broker: it wakes workers, is killed and comes back, and they all go on."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from kombu import Connection

from chatbot_saas.celery import app
from conversations.chatbots.onboarding import Workspace
from core.redis import sync_redis
from tenants.context import tenant_context
from tests.celery_tasks import leave_canary
from tests.eventually import eventually
from tests.live import Process
from tests.reliability.rabbitmq import MISSING, PROGRAM, RabbitMQ, running

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)
SECONDS = 90.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with running(tmp_path_factory.mktemp("rabbitmq")) as started:
        yield started


@pytest.fixture(scope="module")
def beside_it(node: RabbitMQ) -> Iterator[Process]:
    """A web process that sends by RabbitMQ."""
    with Process("web", environment={"CELERY_BROKER_URL": node.url}) as process:
        yield process


def upload(web: Process, workspace: Workspace) -> float:
    """Seconds until it was accepted."""
    answer = httpx.post(
        f"{web.url}/v1/documents",
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        files={"file": ("code.txt", f"The code is {uuid4().hex}.".encode())},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 202, answer.text
    return answer.elapsed.total_seconds()


def waiting(node: RabbitMQ) -> int:
    """Messages that no worker has taken."""
    with Connection(node.url) as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)
        try:
            return int(queue.qsize())
        finally:
            queue.close()


def send(node: RabbitMQ, workspace: Workspace, canary: str, run: str) -> None:
    with tenant_context(workspace.tenant.id), Connection(node.url) as connection:
        leave_canary.apply_async((canary, run), connection=connection)


def arrived(run: str) -> Callable[[str], bool]:
    return lambda canary: canary.encode() in sync_redis("events").lrange(f"test:{run}", 0, -1)


def test_what_is_uploaded_wakes_a_worker_through_it(
    node: RabbitMQ, beside_it: Process, make_workspace: Callable[[], Workspace]
) -> None:
    upload(beside_it, make_workspace())
    eventually(lambda: waiting(node) >= 1, within=SECONDS)
    with Process("worker", environment={"CELERY_BROKER_URL": node.url}):
        eventually(lambda: waiting(node) == 0, within=SECONDS)


def test_it_is_killed_and_comes_back_and_nobody_is_started_again(
    node: RabbitMQ, beside_it: Process, make_workspace: Callable[[], Workspace]
) -> None:
    workspace, run = make_workspace(), uuid4().hex
    has = arrived(run)
    with Process("worker", environment={"CELERY_BROKER_URL": node.url}) as worker:
        send(node, workspace, "before:1", run)
        eventually(lambda: has("before:1"), within=SECONDS)
        node.kill()
        # It is PostgreSQL that accepts: nothing waits for a broker that is away.
        assert upload(beside_it, workspace) < 15
        node.start()
        send(node, workspace, "after:1", run)
        eventually(lambda: has("after:1"), within=SECONDS)
        assert worker.returncode is None
        upload(beside_it, workspace)
        eventually(lambda: waiting(node) == 0, within=SECONDS)
    assert beside_it.returncode is None
