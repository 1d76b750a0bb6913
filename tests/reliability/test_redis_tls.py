"""Redis over TLS: every part of the product looks at its certificate, the broker's too."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cluster import certificate
from tests.eventually import eventually
from tests.live import ROOT
from tests.platform.processes import dead_database, dead_port

SERVER = Path("/usr/bin/redis-server")
pytestmark = pytest.mark.skipif(
    not SERVER.exists(), reason="No Redis with TLS is installed: apt-get install redis-server"
)
# Who connects to it: what each says, or the error's name.
CODE = """
import asyncio, json, django; django.setup()
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from kombu import Connection
from core.redis import event_redis

def broker():
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=5) as connection:
        connection.connect()
        return "lets in"

async def wake():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "woken"})
    return (await asyncio.wait_for(layer.receive(channel), 20))["type"]

async def ping():
    return await event_redis().ping()

def told(ask):
    try:
        return ask()
    except Exception as error:
        return "refused" if "CERTIFICATE_VERIFY_FAILED" in str(error) else repr(error)

print(json.dumps({
    "broker": told(broker),
    "layer": told(lambda: asyncio.run(wake())),
    "events": told(lambda: asyncio.run(ping())),
    "cache": told(lambda: cache._cache.get_client().ping()),
}))
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Its URL, and the certificate, which signs itself."""
    path, port = certificate.make(tmp_path), dead_port()
    process = subprocess.Popen(
        [
            SERVER, "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no",
            "--tls-cert-file", path, "--tls-key-file", path.with_name("privkey.pem"),
            "--tls-ca-cert-file", path, "--save", "", "--dir", tmp_path,
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: _listens(port), within=30)
        yield f"rediss://localhost:{port}", path
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def told_with(url: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env={
            **os.environ,
            **dead_database(),
            "REDIS_URL": url,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, object] = json.loads(done.stdout)
    return answers


def test_a_certificate_is_looked_at_by_everybody(redis: tuple[str, Path]) -> None:
    url, authorities = redis
    assert told_with(url) == dict.fromkeys(("broker", "layer", "events", "cache"), "refused")
    assert told_with(f"{url}?ssl_ca_certs={authorities}") == {
        "broker": "lets in",
        "layer": "woken",
        "events": True,
        "cache": True,
    }
