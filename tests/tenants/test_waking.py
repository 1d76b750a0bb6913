"""Workers are told beside the request, say that they live, and look by themselves when nothing comes."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from core.alive import PATIENCE_SECONDS, alive_file, is_alive
from tenants.work.waking import Waker
from tenants.work.watch import Silence, count_alive, say_alive
from tests.eventually import eventually
from tests.live import ROOT


def test_a_broker_that_stalls_holds_up_nobody() -> None:
    told, go_on = threading.Event(), threading.Event()

    def publish() -> None:
        told.set()
        go_on.wait(30)

    waker = Waker(publish)
    for _ in range(100):
        # It would stand still here with the first one.
        waker.wake()
    assert told.wait(30)
    assert not go_on.is_set()
    go_on.set()


def test_calls_that_come_meanwhile_are_one_and_none_is_lost() -> None:
    published, go_on = [0], threading.Semaphore(0)

    def publish() -> None:
        published[0] += 1
        go_on.acquire(timeout=30)

    waker = Waker(publish)
    waker.wake()
    eventually(lambda: published[0] == 1)
    for _ in range(50):
        waker.wake()
    go_on.release()
    eventually(lambda: published[0] == 2)
    go_on.release()
    eventually(waker._idle.is_set)
    assert published[0] == 2
    waker.wake()
    eventually(lambda: published[0] == 3)
    go_on.release()


@pytest.mark.parametrize("error", [OperationalError("away"), OSError("away")])
def test_a_broker_that_is_away_ends_nothing(error: Exception) -> None:
    tries = [0]

    def publish() -> None:
        tries[0] += 1
        raise error

    waker = Waker(publish)
    for number in (1, 2, 3):
        waker.wake()
        eventually(lambda wanted=number: tries[0] >= wanted)  # type: ignore[misc]


def test_silence_is_counted_while_nothing_is_at_work() -> None:
    silence = Silence()
    silence.begin()
    silence.begin()
    silence.end()
    assert silence.seconds == 0
    silence.end()
    eventually(lambda: silence.seconds > 0)


def test_who_lives_says_so_to_its_health_check_and_to_everybody(
    tmp_path: Path, settings: object
) -> None:
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]
    assert not is_alive(tmp_path, "beat")
    say_alive("beat")
    assert is_alive(tmp_path, "beat")
    assert count_alive("beat") >= 1
    long_ago = time.time() - PATIENCE_SECONDS - 1
    os.utime(alive_file(tmp_path, "beat"), (long_ago, long_ago))
    assert not is_alive(tmp_path, "beat")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["worker"], 1), (["beat"], 0), ([], 2), (["web"], 2)]
)
def test_the_health_check_ends_as_the_process_is(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    file = alive_file(tmp_path, "beat")
    file.parent.mkdir()
    file.touch()
    ended = subprocess.run(
        [sys.executable, "-m", "chatbot_saas.alive", *arguments],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code
    assert bool(ended.stderr) == bool(code)
