"""Sentry: not even loaded unless configured, and told nothing that people wrote."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import brotli
import pytest

from chatbot_saas import observation
from tenants.context import tenant_context
from tenants.schemas.provisioning import TenantRef
from tenants.work import tickets
from tests.eventually import eventually
from tests.live import ROOT, Process

# What Sentry's client packs with depends on what is installed.
UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}
# Loads what a web process loads, then breaks with a canary in a local variable.
SERVE_AND_BREAK = """
import json, logging, sys
from chatbot_saas import asgi
canary = sys.stdin.read()
try:
    question = canary
    raise RuntimeError(f"cannot read {canary}")
except RuntimeError:
    logging.getLogger("chatbot_saas").exception("a turn broke: %s", canary)
loaded = sorted({"sentry_sdk", "posthog", "boto3", "storages"} & set(sys.modules))
if "sentry_sdk" in loaded:
    sys.modules["sentry_sdk"].flush(5)
print(json.dumps({"loaded": loaded}))
"""


def serve_and_break(canary: str = "-", **environment: str) -> dict[str, list[str | None]]:
    done = subprocess.run(
        [sys.executable, "-c", SERVE_AND_BREAK],
        input=canary,
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "NO_PROXY": "*",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: dict[str, list[str | None]] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    """A Sentry of our own on loopback: its DSN, and the bodies that it gets."""
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            unpack = UNPACK[self.headers.get("Content-Encoding")]
            bodies.append(unpack(body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://key@127.0.0.1:{server.server_port}/1", bodies
    finally:
        server.shutdown()
        server.server_close()


def test_nothing_is_loaded_that_is_not_configured() -> None:
    assert serve_and_break()["loaded"] == []


def test_sentry_hears_of_a_fault_and_not_of_what_was_asked(sentry: tuple[str, list[str]]) -> None:
    dsn, bodies = sentry
    canary = f"CANARY{uuid4().hex}"
    assert serve_and_break(canary, SENTRY_DSN=dsn)["loaded"] == ["sentry_sdk"]
    events = [body for body in bodies if "a turn broke" in body]
    assert len(events) == 1
    assert "RuntimeError" in events[0]
    assert canary not in "".join(bodies)


def test_a_ticket_that_fails_in_a_worker_is_told_without_its_text(
    sentry: tuple[str, list[str]], tenant: TenantRef
) -> None:
    dsn, bodies = sentry
    canary = f"CANARY{uuid4().hex}"
    environment = {"SENTRY_DSN": dsn, "NO_PROXY": "*"}
    with tenant_context(tenant.id):
        ticket_id = tickets.enqueue("tests_break", {"text": canary}, max_attempts=1)
    with Process("worker", broken="ticket_breaks", environment=environment):
        # Others may take the message that wakes it: then it looks by itself.
        (event,) = eventually(
            lambda: [body for body in bodies if "ticket failed" in body], within=120
        )
    assert "ValueError" in event
    assert str(ticket_id) in event
    assert canary not in "".join(bodies)


def test_an_event_keeps_no_secret_of_a_link() -> None:
    secret = uuid4().hex
    urls = ("/invitations/{}", "/password/reset/x/{}", "/enter?ticket={}")
    for url in urls:
        request = {
            "url": url.format(secret),
            "query_string": secret,
            "cookies": {"session": secret},
        }
        event: Any = {"request": request, "transaction": url.format(secret)}
        assert secret not in str(observation.without_texts(event, {}))
