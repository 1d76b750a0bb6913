"""Two beats do no harm: one sends, and the other goes on when that one dies."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import pytest

from core.redis import sync_redis
from tests.eventually import eventually
from tests.live import ROOT

SECONDS = 60.0


@pytest.fixture
def name() -> Iterator[str]:
    name = f"beats-{uuid4().hex[:8]}"
    yield name
    sync_redis("broker").delete(name)


@contextmanager
def beat(name: str, *, shared: bool = True) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.reliability.beats", "beat", "--pidfile="],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "TEST_BEAT": name,
            "TEST_BEAT_SHARED": "1" if shared else "0",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def senders(name: str) -> list[int]:
    """Who sent each message, oldest first: their process ids."""
    # The newest is at the head.
    lines = reversed(sync_redis("broker").lrange(name, 0, -1))
    origins = (json.loads(line)["headers"]["origin"] for line in lines)
    return [int(origin.removeprefix("gen").partition("@")[0]) for origin in origins]


def is_up(process: "subprocess.Popen[bytes]") -> bool:
    """Beat says that it lives when its schedule begins."""
    member = f"{socket.gethostname()}:{process.pid}"
    return sync_redis("cache").zscore("alive:beat", member) is not None


def wait_for(name: str, process: "subprocess.Popen[bytes]") -> None:
    eventually(lambda: process.pid in senders(name), within=SECONDS)


@pytest.mark.parametrize("shared", [True, False], ids=["product", "broken"])
def test_one_of_two_sends(name: str, shared: bool) -> None:
    with beat(name, shared=shared) as first:
        wait_for(name, first)
        with beat(name, shared=shared) as second:
            if shared:
                eventually(lambda: is_up(second), within=SECONDS)
                before = len(senders(name))
                eventually(lambda: len(senders(name)) >= before + 10, within=SECONDS)
            else:
                wait_for(name, second)
            assert set(senders(name)) == ({first.pid} if shared else {first.pid, second.pid})


def test_the_other_goes_on_when_one_dies_or_ends(name: str) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(beat(name))
        wait_for(name, first)
        second = stack.enter_context(beat(name))
        first.kill()
        first.wait()
        wait_for(name, second)
        third = stack.enter_context(beat(name))
        second.send_signal(signal.SIGTERM)
        second.wait(timeout=SECONDS)
        # Handed on, not waited for.
        lease = sync_redis("events").get(f"test:{name}")
        assert f":{second.pid}:" not in str(lease)
        wait_for(name, third)
        order = senders(name)
        assert order == sorted(order, key=[first.pid, second.pid, third.pid].index)
