"""One tenant's rows are locked, PostgreSQL says nothing or takes no writes: who waits, and what they
are told."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from conversations.chatbots.onboarding import Workspace
from knowledge.files.folder import Folder
from tenants.names import quote, schema_name
from tests.eventually import eventually
from tests.live import Process
from tests.platform.processes import get, layout, with_database

# More than the process has threads and connections.
AT_ONCE = 14


def ask(web: Process, workspace: Workspace, timeout: float = 60) -> httpx.Response:
    return httpx.post(
        f"{web.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        json={
            "model": str(workspace.chatbot_id),
            "messages": [{"role": "user", "content": "What is the access code?"}],
        },
        timeout=timeout,
        trust_env=False,
    )


@contextmanager
def quota_locked(workspace: Workspace) -> Iterator[psycopg.Connection]:
    """Somebody holds the row that every turn of the workspace has to change, and does not let go."""
    schema = quote(schema_name(workspace.tenant.id))
    with psycopg.connect(layout().superuser_url) as holder:
        found = holder.execute(f"SELECT 1 FROM {schema}.billing_quotaperiod FOR UPDATE").fetchone()
        assert found is not None
        yield holder
        holder.rollback()


def held_up_by(holder: psycopg.Connection, application: str = "") -> list[int]:
    """The PostgreSQL processes of one application, or of all, that wait for what this connection has
    locked."""
    with psycopg.connect(layout().superuser_url) as superuser:
        waiting = (
            "SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)) "
            "AND %s IN ('', application_name)"
        )
        found = superuser.execute(waiting, [holder.info.backend_pid, application])
        return [pid for (pid,) in found]


def waiting_for_locks() -> int:
    with psycopg.connect(layout().superuser_url) as superuser:
        waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
        found = superuser.execute(waiting).fetchone()
    return int(found[0]) if found else 0


@pytest.fixture(scope="module", params=[None, "no_bulkhead"], ids=["product", "broken"])
def stalling_web(request: pytest.FixtureRequest) -> Iterator[Process]:
    with Process("web", broken=request.param) as process:
        yield process


def test_a_tenant_whose_row_is_locked_holds_up_nobody_else(
    stalling_web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    stuck, other = make_workspace(), make_workspace()
    for workspace in (stuck, other):
        assert ask(stalling_web, workspace).status_code == 200
    with ThreadPoolExecutor(AT_ONCE) as pool:
        with quota_locked(stuck) as holder:
            asked: list[Future[httpx.Response]] = [
                pool.submit(ask, stalling_web, stuck) for _ in range(AT_ONCE)
            ]
            eventually(lambda: held_up_by(holder))
            if stalling_web.broken:
                # Each of its threads.
                eventually(lambda: waiting_for_locks() >= settings.DATABASE_POOL_SIZE)
                with pytest.raises(httpx.TimeoutException):
                    ask(stalling_web, other, timeout=5)
            else:
                assert ask(stalling_web, other).status_code == 200
                told: list[Any] = [future.result() for future in asked]
                assert {answer.status_code for answer in told} == {503}
                assert all(int(answer.headers["retry-after"]) > 0 for answer in told)
        for future in asked:
            future.result()
    assert ask(stalling_web, stuck).status_code == 200


def test_a_server_that_takes_no_writes_is_away_and_no_fault_of_ours(
    make_login: Callable[..., str], make_workspace: Callable[[], Workspace]
) -> None:
    workspace = make_workspace()
    role = quote(f"chatbot_saas.{schema_name(workspace.tenant.id)}")
    url = make_login(
        f"GRANT {role} TO {{login}} WITH INHERIT FALSE, SET TRUE",
        "ALTER ROLE {login} SET default_transaction_read_only = on",
    )
    with Process("web", environment=with_database(url)) as web:
        assert get(web, "/readyz").json()["faults"] == [
            "PostgreSQL takes no writes: it is a standby, or set to read only."
        ]
        answer = ask(web, workspace)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "Traceback" not in web.log()


def test_a_server_that_says_nothing_is_told_of_while_it_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://app:secret@127.0.0.1:{silent.getsockname()[1]}/chatbot_saas"
        with Process("web", environment=with_database(url)) as web:
            for _ in range(4):
                answer = get(web, "/readyz")
                assert answer.status_code == 503
                assert answer.json()["faults"] == ["PostgreSQL cannot be reached."]
            assert get(web, "/healthz").status_code == 200


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    in_the_way = tmp_path / "media"
    in_the_way.write_text("a file")
    wanted = ["Documents cannot be written: MEDIA_ROOT is read-only or full."]
    assert Folder(in_the_way).faults() == wanted
    assert Folder(tmp_path / "made" / "here").faults() == []
