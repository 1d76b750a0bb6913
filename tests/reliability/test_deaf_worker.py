"""A worker whose messages never come, and a Redis that falls silent in the middle of everything."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
from django.conf import settings

from conversations.chatbots.onboarding import Workspace
from core.redis import sync_redis
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import tenant_context
from tests.eventually import eventually
from tests.live import Process


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for connection in held:
            connection.close()


def test_an_upload_waits_for_no_broker(web: Process, workspace: Workspace) -> None:
    with black_hole() as port:
        environment = {"CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/3"}
        with Process("web", environment=environment) as cut_off:
            answer = httpx.post(
                f"{cut_off.url}/v1/documents",
                headers={"Authorization": f"Bearer {workspace.secret_key}"},
                files={"file": (f"{uuid4().hex}.txt", b"The code is 48213.")},
                # It waited for as long as the broker said nothing.
                timeout=15,
                trust_env=False,
            )
            assert answer.status_code == 202


def test_a_worker_that_hears_nothing_does_what_is_due(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        document_id = create_document(filename="deaf.txt", content=b"The code is 48213.")[0].id
    # A queue into which nobody sends: as after a connection that was dropped silently.
    empty = settings.CELERY_BROKER_URL.replace("virtual_host=3", "virtual_host=0")
    assert empty != settings.CELERY_BROKER_URL
    environment = {"CELERY_BROKER_URL": empty}
    with Process("worker", environment=environment):
        eventually(lambda: _status(workspace, document_id) == "ready", within=90)


def test_a_worker_listens_to_no_channel(worker: Process) -> None:
    """The thread that takes messages read it, too, and waited there when what woke it was none."""
    broker = urlsplit(settings.REDIS_URLS["broker"])
    number = parse_qs(broker.query).get("db", [broker.path.rpartition("/")[2]])[0]
    listening = sync_redis("broker").client_list(_type="pubsub")
    assert [each for each in listening if each["db"] == number] == []


def _status(workspace: Workspace, document_id: UUID) -> str:
    with tenant_context(workspace.tenant.id):
        return str(Document.objects.get(pk=document_id).status)
