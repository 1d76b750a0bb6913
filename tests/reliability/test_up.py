"""`manage.py up` as a real process tree: it comes up, heals, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from chatbot_saas import embedded
from tests.embedded.processes import ROOT, descendants, is_alive, outlived, until

NAMES = ("beat", "postgres", "redis", "up", "web", "worker")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One installation for the module: the first start makes the database, the others find it."""
    path = tmp_path_factory.mktemp("up") / "var"
    yield path
    embedded.remove_home(embedded.layout(path))


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, "VAR_DIR": str(var_dir), **more}


@contextmanager
def running(var_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--no-demo"],
        cwd=ROOT,
        env=environment(var_dir, PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Running"):
                break
        else:
            pytest.fail("".join(said))
        yield process, port
    finally:
        process.kill()
        process.wait()


def pid_of(var_dir: Path, name: str) -> int:
    return int((var_dir / "run" / f"{name}.pid").read_text())


def refused(var_dir: Path, *argv: str, **more: str) -> str:
    """The only line of a command that must not start."""
    done = subprocess.run(
        [sys.executable, "manage.py", *argv],
        cwd=ROOT,
        env=environment(var_dir, **more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    # Beside what it was doing, and on a slow machine for how long.
    said = (done.stdout + done.stderr).splitlines()
    lines = [line for line in said if not line.endswith("…") and not line.startswith("  … ")]
    assert len(lines) == 1, lines
    return lines[0]


def test_it_heals_refuses_a_second_one_and_ends_on_ctrl_c(var_dir: Path) -> None:
    with running(var_dir) as (process, port):
        everyone = {process.pid, *descendants(process.pid)}
        assert {pid_of(var_dir, name) for name in NAMES} <= everyone

        assert "already running" in refused(var_dir, "up", PORT=str(free_port()))

        worker = pid_of(var_dir, "worker")
        os.kill(worker, signal.SIGKILL)
        until(lambda: is_new(var_dir, "worker", worker), seconds=5)
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200

        everyone |= set(descendants(process.pid))
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert outlived(everyone) == []
        assert not any((var_dir / "run" / f"{name}.pid").exists() for name in NAMES)


def is_new(var_dir: Path, name: str, old: int) -> bool:
    try:
        pid = pid_of(var_dir, name)
    except (FileNotFoundError, ValueError):
        return False
    return pid != old and is_alive(pid)


def test_killing_the_supervisor_leaves_nothing(var_dir: Path) -> None:
    with running(var_dir) as (process, _):
        everyone = descendants(process.pid)
        assert len(everyone) >= len(NAMES) - 1
        process.kill()
        process.wait()
        until(lambda: not outlived(everyone), seconds=5)


def test_it_ends_with_a_killed_parent(var_dir: Path) -> None:
    """`make run` whose make is killed: nobody would be left to press Ctrl-C."""
    parent = subprocess.Popen(
        ["sh", "-c", '"$0" manage.py up --no-demo --with-parent; :', sys.executable],
        cwd=ROOT,
        env=environment(var_dir, PORT=str(free_port())),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: is_new(var_dir, "worker", 0), seconds=20)
    everyone = descendants(parent.pid)
    assert pid_of(var_dir, "worker") in everyone
    parent.kill()
    parent.wait()
    until(lambda: not outlived(everyone), seconds=5)


def test_a_taken_port_is_one_clear_line(var_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = refused(var_dir, "up", PORT=port)
    assert f"Port {port} is taken" in line
    assert "PORT=" in line


@pytest.mark.parametrize("argv", [("up",), ("migrate_tenants",)])
def test_a_wrong_database_url_is_one_clear_line(argv: tuple[str, ...], tmp_path: Path) -> None:
    url = f"postgresql://app:secret-password@127.0.0.1:{free_port()}/nothing"
    line = refused(
        tmp_path / "var",
        *argv,
        DATABASE_URL=url,
        REDIS_URL="redis://127.0.0.1:1/0",
        SECRET_KEY="s" * 50,
        PORT=str(free_port()),
    )
    assert line.startswith("DATABASE_URL does not work")
    assert "secret-password" not in line


def test_a_database_url_without_a_secret_key_starts_nothing(tmp_path: Path) -> None:
    line = refused(tmp_path / "var", "migrate_tenants", DATABASE_URL="postgresql://app@127.0.0.1/x")
    assert "SECRET_KEY" in line


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    assert "PORT must be" in refused(tmp_path / "var", "up", PORT="eight thousand")
