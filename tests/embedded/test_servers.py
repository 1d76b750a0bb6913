"""The embedded servers as real processes: closed to others, shared by commands, gone at the end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from chatbot_saas import embedded
from chatbot_saas.embedded import home
from chatbot_saas.embedded.lifecycle import exclusive_servers
from tests.embedded.processes import ROOT, is_alive, outlived, until, wait_for_flock

OTHER_UID = 54321
HOLD_SERVERS = """
import sys, time
from pathlib import Path
from chatbot_saas import embedded
layout = embedded.layout(Path(sys.argv[1]), durable=False)
with embedded.servers(layout):
    print("up", flush=True)
    sys.stdin.read()
print("down", flush=True)
"""
TRY_TO_CONNECT = """
import socket, sys
for path in sys.argv[1:]:
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(path)
    except PermissionError:
        print("refused")
    else:
        print("connected")
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Layout]:
    layout = embedded.layout(tmp_path_factory.mktemp("servers") / "var", durable=False)
    with embedded.servers(layout):
        yield layout
    embedded.remove_home(layout)


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[embedded.Layout]:
    layout = embedded.layout(tmp_path / "var", durable=False)
    yield layout
    embedded.remove_home(layout)


def hold_servers(layout: embedded.Layout) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_SERVERS, layout.var.path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def server_pids(layout: embedded.Layout) -> list[int]:
    return [int(layout.var.pid_file(name).read_text()) for name in ("postgres", "redis")]


def test_the_log_quotes_no_value_of_a_statement_that_failed(layout: embedded.Layout) -> None:
    with psycopg.connect(layout.app_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.DataError):
            connection.execute("SELECT 'what somebody asked', '{\"a\": \"\\u0000 canary\"}'::jsonb")
    log = layout.var.log_file("postgres").read_text()
    assert "unsupported Unicode" in log
    assert "what somebody asked" not in log
    assert "canary" not in log


def test_every_login_and_database_answers(layout: embedded.Layout) -> None:
    for url, login in (
        (layout.app_url, "app"),
        (layout.migrator_url, "migrator"),
        (layout.superuser_url, "postgres"),
    ):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (login,)
    for number in range(4):
        assert redis.Redis.from_url(layout.redis_url(number)).ping()


def test_a_wrong_password_is_refused_by_both(layout: embedded.Layout) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(layout.database_url("app", "wrong"))
    wrong = layout.redis_url(0).replace(layout.credentials.redis, "wrong")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(wrong).ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_can_connect_to_neither(layout: embedded.Layout) -> None:
    sockets = [layout.postgres_sockets / ".s.PGSQL.5432", layout.redis_socket]
    done = subprocess.run(
        # The system's own Python: this one may be closed to that user.
        ["/usr/bin/env", "python3", "-c", TRY_TO_CONNECT, *sockets],
        user=OTHER_UID,
        group=OTHER_UID,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["refused", "refused"]


def test_neither_server_listens_on_the_network(layout: embedded.Layout) -> None:
    with psycopg.connect(layout.superuser_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert redis.Redis.from_url(layout.redis_url(0)).config_get("port") == {"port": "0"}


def test_secrets_and_sockets_are_closed(layout: embedded.Layout) -> None:
    secrets = [layout.var.path / "secret_key", *(layout.var.path / "secrets").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    folders = [layout.postgres_sockets, layout.redis_socket.parent, layout.postgres_data]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_the_web_login_has_no_power_of_its_own(layout: embedded.Layout) -> None:
    with psycopg.connect(layout.app_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolinherit,"
            " pg_has_role('chatbot_saas.owner', 'SET'), pg_has_role('chatbot_saas.platform', 'SET')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False, True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (id int)")


def test_set_config_is_closed_to_a_role_that_was_taken(layout: embedded.Layout) -> None:
    with psycopg.connect(layout.app_url) as connection:
        connection.execute("SELECT set_config('TimeZone', 'UTC', false)")
        connection.execute('SET ROLE "chatbot_saas.platform"')
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="set_config"):
            connection.execute("SELECT set_config('role', 'app', false)")


def test_vectors_live_in_their_own_schema(layout: embedded.Layout) -> None:
    with psycopg.connect(layout.migrator_url) as connection:
        row = connection.execute(
            "SELECT nspname, extversion FROM pg_extension"
            " JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'vector'"
        ).fetchone()
    assert row is not None
    assert row[0] == "ext"
    assert tuple(map(int, row[1].split("."))) >= (0, 8, 4)


def test_a_second_owner_is_refused(layout: embedded.Layout) -> None:
    with pytest.raises(embedded.EmbeddedError, match="Another command"), exclusive_servers(layout):
        pass


def test_data_outlives_a_restart(stopped: embedded.Layout) -> None:
    with embedded.servers(stopped), psycopg.connect(stopped.superuser_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not embedded.is_running(stopped)
    with embedded.servers(stopped), psycopg.connect(stopped.superuser_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_the_owner_outstays_the_other_users(stopped: embedded.Layout) -> None:
    owner = hold_servers(stopped)
    guest = hold_servers(stopped)
    owner.stdin.close()  # type: ignore[union-attr]
    wait_for_flock(owner.pid)
    assert owner.poll() is None
    assert embedded.is_running(stopped)
    guest.communicate()
    assert owner.wait(5) == 0
    assert not embedded.is_running(stopped)


def test_killing_the_owner_leaves_no_server(stopped: embedded.Layout) -> None:
    owner = hold_servers(stopped)
    pids = server_pids(stopped)
    assert all(is_alive(pid) for pid in pids)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    until(lambda: not outlived(pids), seconds=5)
    with embedded.servers(stopped):
        assert embedded.is_running(stopped)


def test_a_path_too_long_for_a_socket_gets_a_short_folder(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root's sockets have a short path of their own")
    layout = embedded.layout(tmp_path / ("x" * 100) / "var", durable=False)
    with embedded.servers(layout):
        assert layout.socket_home.stat().st_mode & 0o777 == 0o700
        assert psycopg.connect(layout.app_url).execute("SELECT 1").fetchone() == (1,)
    embedded.remove_home(layout)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's data is in the var directory")
def test_data_of_a_deleted_var_directory_is_set_aside(stopped: embedded.Layout) -> None:
    with embedded.servers(stopped):
        pass
    for path in (*(stopped.var.path / "secrets").iterdir(), stopped.var.path / "secret_key"):
        path.unlink()
    again = embedded.layout(stopped.var.path, durable=False)
    assert again.home == stopped.home
    assert again.credentials != stopped.credentials
    with embedded.servers(again):
        assert psycopg.connect(again.app_url).execute("SELECT 1").fetchone() == (1,)
    aside = again.home.with_suffix(".old")
    assert (aside / "postgres" / "data").is_dir()


def said_in(layout: embedded.Layout) -> str:
    [[said]] = psycopg.connect(layout.superuser_url).execute("SELECT said FROM kept").fetchall()
    return str(said)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A var directory in whose database something was written."""
    var = tmp_path / "first" / "var"
    layout = embedded.layout(var, durable=False)
    with embedded.servers(layout), psycopg.connect(layout.superuser_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'this' AS said")
    yield var
    for folder in ("first", "second"):
        embedded.remove_home(embedded.layout(tmp_path / folder / "var", durable=False))


def test_a_moved_var_directory_has_its_data_with_it(kept: Path) -> None:
    moved = kept.parent.with_name("second") / "var"
    kept.parent.rename(moved.parent)
    layout = embedded.layout(moved, durable=False)
    for _ in range(2):
        with embedded.servers(layout):
            assert said_in(layout) == "this"


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's data is in the var directory")
@pytest.mark.parametrize("runs", [True, False], ids=["its server runs", "a number used again"])
def test_data_is_left_where_its_server_runs_and_nowhere_else(kept: Path, runs: bool) -> None:
    layout = embedded.layout(kept, durable=False)
    moved = kept.parent.with_name("second")
    with ExitStack() as stack:
        if runs:
            stack.enter_context(embedded.servers(layout))
        else:
            data = layout.home / "postgres" / "data"
            (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
        kept.parent.rename(moved)
        there = embedded.layout(moved / "var", durable=False)
        if runs:
            with pytest.raises(embedded.EmbeddedError, match="still run"):
                home.prepare_home(there)
            moved.rename(kept.parent)
        else:
            home.prepare_home(there)
            assert (there.home / "postgres" / "data" / "PG_VERSION").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's data is in the var directory")
def test_a_copy_does_not_begin_empty_nor_take_the_data_away(kept: Path) -> None:
    copy = kept.parent.with_name("second") / "var"
    shutil.copytree(kept, copy, symlinks=True)
    with (
        pytest.raises(embedded.EmbeddedError, match=f"is a copy of {kept}"),
        embedded.servers(embedded.layout(copy, durable=False)),
    ):
        pass
    layout = embedded.layout(kept, durable=False)
    with embedded.servers(layout):
        assert said_in(layout) == "this"


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's data is in the var directory")
def test_data_that_is_gone_is_missed(kept: Path) -> None:
    layout = embedded.layout(kept, durable=False)
    aside = layout.home.with_suffix(".elsewhere")
    layout.home.rename(aside)
    with (
        pytest.raises(embedded.EmbeddedError, match="is not there any more"),
        embedded.servers(layout),
    ):
        pass
    aside.rename(layout.home)
    with embedded.servers(layout):
        assert said_in(layout) == "this"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses the servers' account")
@pytest.mark.parametrize(("name", "said"), [("no-such-user", "no user"), ("root", "not be root")])
def test_an_unusable_account_is_one_clear_line(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDDED_OS_USER", name)
    with pytest.raises(embedded.EmbeddedError, match=said):
        embedded.layout(tmp_path / "var")
