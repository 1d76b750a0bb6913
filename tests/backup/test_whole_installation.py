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
        erased = erased_in(here)
        workspaces = {
            schema: here.rows(schema)
            for schema in here.schemas()
            if schema != erased["schema_name"]
        }
        # The later one was forgotten by the last deploy: its tables are an earlier release's.
        here.run("-m", "tests.backup.earlier", "south")
        file = tmp_path / "all.backup"
        public = here.rows("public")
        done = here.run(
            *("-m", "tests.backup.several", f"backup {file}", f"verify_backup {file} --restore"),
            # One of them alone, as a copy, from an earlier release's tables.
            f"restore {file} --tenant south --as second",
            f"restore {file}",
        )
        assert done.stdout.split() == ["0", "0", "0", "4"]
        for said in (
            "all.backup: 2 workspaces",
            "whole: 2 workspaces",
            "restored “second” at second.localhost",
            "This installation is not empty",
        ):
            assert said in done.stderr
        assert file.stat().st_mode & 0o777 == 0o600
        (added,) = set(here.schemas()) - {*workspaces, erased["schema_name"]}
        chunks = here.rows(added)["knowledge_chunk"]
        assert len(chunks) == 1
        assert chunks in [rows["knowledge_chunk"] for rows in workspaces.values()]
        with installation(tmp_path, migrated=False) as there:
            kill_half_way(there, file)
            said = there.manage("restore", str(file))
            assert "restored 2 workspaces" in said
            # What this installation's keys do not open is said, and nothing else.
            assert said.count("1 identity secrets do not open") == 2
            assert {schema: there.rows(schema) for schema in there.schemas()} == workspaces
            check_shared(public, there.rows("public"), erased["id"])
            files = files_of(here.media)
            assert {name: files.get(name) for name in files_of(there.media)} == files_of(
                there.media
            )
            assert len(files_of(there.media)) == 4
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


def erased_in(here: Installation) -> dict[str, str]:
    with here.superuser() as connection:
        query = "SELECT id::text, schema_name FROM tenants_tenant WHERE status = 'erasing'"
        row = connection.execute(query).fetchone()
    assert row is not None
    return {"id": row[0], "schema_name": row[1]}


def check_shared(before: dict[str, list[str]], after: dict[str, list[str]], erased: str) -> None:
    """The same rows, but for who is logged in, and for what belongs to the workspace that is going."""
    assert before["tenants_entryticket"]
    assert sum(erased in row for rows in before.values() for row in rows) >= 4
    for table, rows in before.items():
        kept = [row for row in rows if erased not in row and table not in LEFT_OUT]
        assert after[table] == kept, table


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
    # The next sign-up finds its template.
    assert json.loads(there.run("manage.py", "create_tenant", "east", "--json").stdout)[
        "secret_key"
    ]
