"""Everything is backed up and restored into an empty installation: the rows, the files, the rights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tenants.names import quote, role_name
from tests.backup.installation import Installation, installation
from tests.eventually import eventually
from tests.live import ROOT

LEFT_OUT = {
    "django_session",
    "tenants_entryticket",
    "token_blacklist_outstandingtoken",
    "token_blacklist_blacklistedtoken",
}


def test_everything_comes_back_and_nothing_before_it_is_whole(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        here.run("-m", "tests.backup.seed", "north", "south")
        workspaces = {schema: here.rows(schema) for schema in here.schemas()}
        # The later one was forgotten by the last deploy: its tables are an earlier release's.
        here.run("-m", "tests.backup.earlier", "south")
        file = tmp_path / "all.backup"
        assert "2 workspaces" in here.manage("backup", str(file))
        assert file.stat().st_mode & 0o777 == 0o600
        assert "whole: 2 workspaces" in here.manage("verify_backup", str(file), "--restore")
        assert "is not empty" in here.manage("restore", str(file), expect=4)
        with installation(tmp_path, migrated=False) as there:
            kill_half_way(there, file)
            said = there.manage("restore", str(file))
            assert "restored 2 workspaces" in said
            # What this installation's keys do not open is said, and nothing else.
            assert said.count("1 identity secrets do not open") == 2
            assert {schema: there.rows(schema) for schema in there.schemas()} == workspaces
            check_shared(here.rows("public"), there.rows("public"))
            assert files_of(there.media) == files_of(here.media)
            check_rights(there)


def kill_half_way(there: Installation, file: Path) -> None:
    """A restore is killed when the first workspace is in and the others are not."""
    content = file.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "restore", "-"],
        cwd=ROOT,
        env={**os.environ, **there.environment},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(content[: len(content) * 3 // 4])
    process.stdin.flush()
    # The template's and the first workspace's.
    eventually(lambda: len(there.schemas()) == 2)
    process.kill()
    process.wait()
    with there.superuser() as connection:
        assert connection.execute("SELECT count(*) FROM tenants_tenant").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM tenants_user").fetchone() == (0,)


def check_shared(before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    assert before["tenants_entryticket"]
    for table, rows in before.items():
        assert after[table] == ([] if table in LEFT_OUT else rows), table


def files_of(media: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(media).as_posix(): path.read_bytes()
        for path in media.rglob("*")
        if path.is_file()
    }
    assert found
    return found


def check_rights(there: Installation) -> None:
    """The web's login reads each workspace as its role, and the ledgers stay closed."""
    first = next(each for each in there.schemas() if "template" not in each)
    with psycopg.connect(there.environment["DATABASE_URL"], autocommit=True) as web:
        web.execute(f"SET ROLE {quote(role_name(there.database, first))}")
        assert web.execute(f"SELECT count(*) FROM {first}.conversations_chatbot").fetchone() == (1,)
        for forbidden in (
            f"UPDATE {first}.workspace_auditevent SET action = ''",
            f"SELECT * FROM {first}.django_migrations",
            "SELECT * FROM public.tenants_user",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(forbidden)
    said = there.run("-m", "tests.backup.seed", "--more", "east").stdout
    assert json.loads(said)[0]["id"]
