"""Events on the wire, their ids, and who may answer a turn."""

import os
import subprocess
import sys

import msgspec
import pytest

from conversations.llm.base import LLMError
from conversations.llm.policy import wait_before_retry
from conversations.turns.events import TurnDelta, TurnFailed, as_sse, event_id, read, sequence, wire
from conversations.turns.failures import INTERNAL, failure
from conversations.turns.processes import is_gone, this_process
from core.ids import new_id


def test_an_event_comes_back_as_it_went() -> None:
    turn_id = new_id()
    event = TurnDelta(turn_id=turn_id, event_id=event_id(turn_id, 7), text="é\n")
    line = wire(event)
    assert line.startswith('{"type":"turn.delta"')
    assert "\n" not in line
    assert read(line) == event
    assert as_sse(line) == f"id: {turn_id}:7\nevent: turn.delta\ndata: {line}\n\n"


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read('{"type":"turn.unknown"}')


def test_only_ids_of_the_turn_count() -> None:
    turn_id = new_id()
    assert sequence(f"{turn_id}:12", turn_id) == 12
    assert sequence(None, turn_id) == sequence("", turn_id) == 0
    for bad in (
        "12",
        f"{new_id()}:1",
        f"{turn_id}:",
        f"{turn_id}:-1",
        f"{turn_id}:²",
        f":{turn_id}",
    ):
        assert sequence(bad, turn_id) is None


def test_an_unknown_failure_is_an_internal_one() -> None:
    event = failure(new_id(), 1, "some provider's secret")
    assert isinstance(event, TurnFailed)
    assert event.code == INTERNAL


def test_a_retry_waits_a_little_longer_each_time() -> None:
    fault = LLMError("x", "x", permanent=False)
    first, second = wait_before_retry(fault, 1), wait_before_retry(fault, 2)
    assert first is not None
    assert second is not None
    assert first < 0.31
    assert second < 0.61
    assert wait_before_retry(fault, 3) is None


def test_a_process_knows_whether_another_lives() -> None:
    assert not is_gone(this_process())
    command = "from conversations.turns.processes import this_process; print(this_process())"
    ended = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert is_gone(ended.stdout.strip())
    host, pid, started = this_process().rsplit(":", 2)
    assert is_gone(f"{host}:{pid}:{int(started) + 1}")
    assert not is_gone(f"elsewhere:{pid}:1")
    assert int(pid) == os.getpid()
