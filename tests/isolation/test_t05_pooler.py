"""T5: behind a pooler that shares sessions, nothing is served; behind one that does not, everything."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from conversations.chatbots.onboarding import Workspace
from tenants.backend.sessions import SHARED, UNDECLARED
from tests.live import ROOT, Process
from tests.platform.processes import get
from tests.reliability import pgbouncer

pytestmark = pytest.mark.skipif(pgbouncer.PROGRAM is None, reason=pgbouncer.MISSING)
_REQUESTS, _AT_ONCE = 240, 24


def environment(urls: dict[str, str], declared: str = "session") -> dict[str, str]:
    return {
        **urls,
        "SECRET_KEY": settings.SECRET_KEY,
        "SERVE_HTTPS": "0",
        "DATABASE_POOLER": declared,
    }


def models_of(web: Process, workspaces: list[Workspace]) -> list[tuple[int, list[str]]]:
    """What a list of a workspace's own says, asked by many programs of several at once: the status and
    the ids, each beside the one that must be alone."""
    with httpx.Client(base_url=web.url, timeout=30, trust_env=False) as client:

        def ask(number: int) -> tuple[int, list[str]]:
            one = workspaces[number % len(workspaces)]
            answer = client.get(
                "/v1/chatbots", headers={"Authorization": f"Bearer {one.secret_key}"}
            )
            if answer.status_code != httpx.codes.OK:
                return answer.status_code, []
            ids = [each["id"] for each in answer.json()["data"]]
            return answer.status_code, ids if ids != [str(one.chatbot_id)] else []

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(ask, range(_REQUESTS)))


def is_right(answers: list[tuple[int, list[str]]]) -> bool:
    return all(answer == (200, []) for answer in answers)


@pytest.mark.parametrize(
    ("mode", "declared", "refusal"),
    [
        # Whatever its mode: which one it is cannot be found out.
        ("session", "", UNDECLARED),
        ("transaction", "", UNDECLARED),
        ("transaction", "session", SHARED),
        ("statement", "session", SHARED),
    ],
)
def test_t05_what_may_share_sessions_is_refused(
    tmp_path: Path,
    mode: str,
    declared: str,
    refusal: str,
    make_workspace: Callable[[], Workspace],
) -> None:
    workspace = make_workspace()
    with pgbouncer.running(tmp_path, mode) as urls:
        around = environment(urls, declared)
        started = subprocess.run(
            [sys.executable, "-m", "chatbot_saas.preflight"],
            cwd=ROOT,
            env={**os.environ, **around},
            capture_output=True,
            text=True,
            check=False,
        )
        assert started.returncode == 1
        assert started.stderr.strip() == f"DATABASE_URL does not work: {refusal}"
        with Process("web", environment=around) as web:
            ready = get(web, "/readyz")
            assert (ready.status_code, ready.json()["faults"]) == (503, [refusal])
            asked = get(web, "/v1/chatbots", Authorization=f"Bearer {workspace.secret_key}")
            assert (asked.status_code, asked.json()["code"]) == (503, "unavailable")


def test_t05_sessions_of_ones_own_are_served_with_their_limits(
    tmp_path: Path, make_workspace: Callable[[], Workspace]
) -> None:
    workspaces = [make_workspace() for _ in range(4)]
    with (
        pgbouncer.running(tmp_path, "session") as urls,
        Process("web", environment=environment(urls)) as web,
    ):
        assert get(web, "/readyz").json() == {"status": "ready", "faults": []}
        assert is_right(models_of(web, workspaces))
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "with connection.bare(), connection.cursor() as cursor:\n"
        "    cursor.execute('SHOW statement_timeout'); print(cursor.fetchone()[0])"
    )
    (tmp_path / "again").mkdir()
    with pgbouncer.running(tmp_path / "again", "session") as urls:
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, **environment(urls)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert told.stdout.strip() == "5min"


def test_t05_a_pool_that_is_full_is_no_sign_of_sharing(tmp_path: Path) -> None:
    """Where sessions are shared a second connection does not wait. Nobody else does, either."""
    with pgbouncer.running(tmp_path, "session", size=1) as urls:
        began = time.monotonic()
        started = subprocess.run(
            [sys.executable, "-m", "chatbot_saas.preflight"],
            cwd=ROOT,
            env={**os.environ, **environment(urls)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (started.returncode, started.stderr) == (0, "")
    assert time.monotonic() - began < 60


def test_t05_without_the_check_not_all_answers_are_right(
    tmp_path: Path, make_workspace: Callable[[], Workspace]
) -> None:
    workspaces = [make_workspace() for _ in range(4)]
    with (
        pgbouncer.running(tmp_path, "transaction") as urls,
        Process("web", broken="shares_sessions", environment=environment(urls)) as web,
    ):
        assert not is_right(models_of(web, workspaces))
