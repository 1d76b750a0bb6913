"""`make cluster` in small: both workspaces answer through nginx's TLS, a web that is killed is started
again, and nothing is left behind. The drills of docs/operations.md do this at full size."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.cluster import handle, nginx, rabbitmq
from bench.cluster.client import Client
from bench.cluster.handle import Cluster
from bench.cluster.plan import Size
from tests.eventually import eventually
from tests.live import ROOT

SMALL = Size(pools=("threads",), beats=1, monitored=False)
BACK = 30.0
needs_programs = pytest.mark.skipif(
    nginx.PROGRAM is None or rabbitmq.PROGRAM is None,
    reason=f"{nginx.MISSING}; {rabbitmq.MISSING}",
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with handle.running(tmp_path / "cluster", SMALL, seed=True) as running:
        processes = [each for name in running.names for each in running.tree(name)]
        processes.append(psutil.Process(running.state["supervisor"]))
        yield running
    gone, left = psutil.wait_procs(processes, timeout=10)
    assert (len(gone), left) == (len(processes), [])
    assert sorted(path.name for path in running.folder.iterdir()) == ["cluster.lock", "log"]


def ask(cluster: Cluster, workspace: dict[str, str]) -> str:
    """The answer with its source, over TLS."""
    port, host = cluster.ports["https"], workspace["host"]
    with Client(port, host, workspace["secret_key"], cluster.certificate) as client:
        answer = client.ask(workspace["chatbot_id"], "When does the gate of the depot open?")
        assert answer.end == "turn.completed"
        assert [citation["title"] for citation in answer.citations] == [f"{host}.md"]
    return answer.text


def kill(cluster: Cluster, name: str, *, within: float) -> float | None:
    return asyncio.run(cluster.back(name, cluster.kill(name), within=within))


def start(folder: Path, *more: str, **changed: str) -> "subprocess.CompletedProcess[str]":
    """Tries to start one, which must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "bench.cluster", "--folder", str(folder), *more],
        cwd=ROOT,
        env=os.environ | changed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@needs_programs
def test_both_workspaces_answer_and_what_is_killed_comes_back(cluster: Cluster) -> None:
    north, south = cluster.state["workspaces"]
    assert "05:40" in ask(cluster, north)
    assert "07:15" in ask(cluster, south)
    # A part that nobody starts again is seen to stay away, or the drills could not fail.
    cluster.hold("beat1")
    assert kill(cluster, "beat1", within=1.0) is None
    for name in ("web1", "nginx"):
        assert kill(cluster, name, within=BACK) is not None
    assert "05:40" in ask(cluster, north)
    before = cluster.pid("beat1")
    cluster.release("beat1")
    eventually(lambda: cluster.pid("beat1") != before, within=BACK)


def test_a_package_that_is_missing_is_named_in_one_line(tmp_path: Path) -> None:
    done = start(tmp_path / "cluster", "--size", "{}", PATH=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Prometheus is not installed" in done.stderr
    assert done.stderr.rstrip().endswith("prometheus prometheus-alertmanager")


@needs_programs
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "letter.txt"
    kept.write_text("Dear")
    done = start(tmp_path, "--size", '{"monitored": false}')
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "holds something else" in done.stderr
    assert kept.read_text() == "Dear"


def test_only_addresses_of_the_configuration_are_changed(tmp_path: Path) -> None:
    text = nginx.configuration([1001, 1002, 1003], 1080, tmp_path)
    upstream = [line.strip() for line in text.splitlines() if "127.0.0.1:100" in line]
    assert upstream == [f"server 127.0.0.1:{port} max_fails=0;" for port in (1001, 1002, 1003)]
    assert "172.30" not in text
