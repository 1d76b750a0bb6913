"""Uploaded files in a bucket of S3: a real server on loopback, that can be away."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from bench import s3_server
from bench.s3_server import BUCKET, S3Server
from bench.stack import free_port
from conversations.chatbots.onboarding import Workspace
from core.errors import PayloadTooLarge
from core.ids import new_id
from knowledge import storage
from knowledge.files.base import StoreAway
from knowledge.files.folder import Folder
from knowledge.files.url import SILENT, read_media_url
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.models import WorkTicket
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.knowledge.gate import Gate
from tests.live import ROOT, Process

_TRIES = 20
FACT = b"# Depot\n\nThe access code of the Zorblatt depot is 4711.\n"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server.running(free_port()) as server:
        yield server


@pytest.fixture
def gate(s3: S3Server) -> Iterator[Gate]:
    made = Gate(int(s3.endpoint.rpartition(":")[2]))
    yield made
    made.close()


@pytest.fixture
def here(s3: S3Server, gate: Gate, settings: Any) -> Iterator[dict[str, str]]:
    """This process keeps its files there, through the gate; gives what another process is told."""
    given = s3.environment(uuid4().hex, endpoint=f"http://127.0.0.1:{gate.port}")
    settings.FILE_STORE = read_media_url(given["MEDIA_URL"])
    settings.MEDIA_ACCESS_KEY, settings.MEDIA_SECRET_KEY = s3.access_key, s3.secret_key
    yield given
    storage.bucket_files.cache_clear()


@contextmanager
def worker(kind: str, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.lonely_worker", kind],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings", **environment},
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def kept(tenant_id: object) -> list[str]:
    return sorted(storage.list_files(tenant_id))  # type: ignore[arg-type]


@pytest.mark.usefixtures("here")
def test_files_of_two_tenants_lie_apart_and_none_is_left_of_what_failed(
    gate: Gate, settings: Any
) -> None:
    one, other = new_id(), new_id()
    with tenant_context(one):
        stored = storage.store([b"one ", b"file"])
        assert (stored.size, stored.digest) == (8, hashlib.sha256(b"one file").hexdigest())
        with storage.local_file(stored.path, stored.digest, 8) as path:
            assert path.read_bytes() == b"one file"
            assert path.stat().st_mode & 0o077 == 0
        assert not path.exists()
    with tenant_context(other):
        assert not storage.is_kept(stored.path)
        for trick in (
            f"../{one.hex}/{stored.path}",
            f"x/../../{one.hex}/{stored.path}",
            "/x",
            "a//b",
        ):
            for call in (storage.is_kept, storage.discard):
                with pytest.raises(ValueError, match="not a path"):
                    call(trick)
            with pytest.raises(ValueError, match="not a path"):
                storage.put(other, trick, [b"x"])
        mine = storage.store([b"mine"])
        storage.put(other, "kept/from-a-backup", [b"of a ", b"backup"])
    assert kept(other) == sorted([mine.path, "kept/from-a-backup"])
    settings.MAX_UPLOAD_BYTES = 10
    with tenant_context(one):
        with pytest.raises(PayloadTooLarge):
            storage.store([b"123456", b"78901"])
        # Changed by whoever can write to the bucket: it is not what was uploaded.
        storage.put(one, stored.path, [b"one lie!"])
        for size in (8, 3):
            with pytest.raises(FileNotFoundError):
                storage.local_file(stored.path, stored.digest, size).__enter__()
        settings.MAX_UPLOAD_BYTES = 25_000_000
        gate.closes_after = 200_000
        with pytest.raises(StoreAway):
            storage.store([b"x" * 1_000_000])
        with pytest.raises(StoreAway):
            storage.is_kept(stored.path)
        assert storage.files().faults() == [SILENT]
        gate.open()
        assert kept(one) == [stored.path]
        assert storage.files().faults() == []
        storage.remove_tenant_files(one)
        assert (kept(one), len(kept(other))) == ([], 2)


def test_wrong_credentials_and_a_wrong_bucket_are_told(
    s3: S3Server, here: dict[str, str], settings: Any
) -> None:
    settings.MEDIA_SECRET_KEY = "wrong" * 8
    assert storage.files().faults() == [
        "Documents cannot be written: the bucket of MEDIA_URL does not let us in."
    ]
    with tenant_context(new_id()), pytest.raises(StoreAway):
        storage.store([b"x"])
    settings.MEDIA_SECRET_KEY = s3.secret_key
    settings.FILE_STORE = read_media_url(here["MEDIA_URL"].replace(BUCKET, "another", 1))
    assert storage.files().faults() == [
        "Documents cannot be written: there is no bucket of that name in MEDIA_URL."
    ]


def test_what_is_uploaded_is_read_and_answered_from_though_s3_goes_away(
    here: dict[str, str], gate: Gate, make_workspace: Callable[[], Workspace]
) -> None:
    workspace, kind = make_workspace(), f"ingest_{uuid4().hex[:8]}"
    web = Process(
        "web", broken="tickets_of_one_kind", environment={**here, "TEST_TICKET_KIND": kind}
    )
    bearer = {"Authorization": f"Bearer {workspace.secret_key}"}

    with (
        web,
        httpx.Client(base_url=web.start().url, headers=bearer, timeout=40, trust_env=False) as http,
    ):
        gate.close()
        refused = http.post("/v1/documents", files={"file": ("a.md", FACT)})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        assert "Files cannot be kept" in refused.json()["detail"]
        assert SILENT in http.get("/readyz").json()["faults"]
        gate.open()
        accepted = http.post("/v1/documents", files={"file": ("a.md", FACT)})
        assert accepted.status_code == 202
        with tenant_context(workspace.tenant.id):
            document = Document.objects.get()
            assert kept(workspace.tenant.id) == [document.path]
        with platform_context():
            ticket = WorkTicket.objects.get(tenant_id=workspace.tenant.id, kind=kind)
        assert not storage.tenant_folder(workspace.tenant.id).exists()
        # Away before the worker reads it.
        gate.close()
        with worker(kind, here):

            def was_postponed() -> bool:
                with platform_context():
                    now = WorkTicket.objects.get(pk=ticket.pk)
                return now.status == "waiting" and now.due_at > ticket.due_at

            eventually(was_postponed, within=30)
            with platform_context():
                # It is nobody's fault, so it is not one of the tries after which a document fails.
                assert WorkTicket.objects.get(pk=ticket.pk).attempts == 0
            gate.open()

            def is_ready() -> bool:
                body = http.get(f"/v1/documents/{document.pk}").json()
                assert body["status"] != "failed", body
                return bool(body["status"] == "ready")

            eventually(is_ready, within=30)
        asked = {
            "messages": [{"role": "user", "content": "What is the code of the Zorblatt depot?"}]
        }
        answer = http.post(
            "/v1/chat/completions", json={"model": str(workspace.chatbot_id), **asked}
        )
        assert answer.json()["citations"][0]["document_id"] == str(document.pk), answer.text
        assert "4711" in answer.json()["choices"][0]["message"]["content"]
        assert http.delete(f"/v1/documents/{document.pk}").status_code == 204
        assert kept(workspace.tenant.id) == []


def test_files_move_to_s3_and_back_and_what_nothing_names_is_swept(
    here: dict[str, str], tmp_path: Path, tenant: TenantRef, settings: Any
) -> None:
    bucket, settings.FILE_STORE = settings.FILE_STORE, tmp_path / "folder"
    with tenant_context(tenant.id):
        document, _ = create_document(filename="a.md", content=FACT, queued=False)
        path = Document.objects.get(pk=document.id).path
    folder, s3 = Folder(tmp_path / "folder"), here["MEDIA_URL"]
    assert move(f"file://{folder.root}", s3).endswith("1 copied, 0 were there before.\n")
    settings.FILE_STORE = bucket
    storage.put(tenant.id, path, [b"cut off"])
    assert "1 copied, 0" in move(f"file://{folder.root}", s3)
    assert "0 copied, 1" in move(f"file://{folder.root}", s3)
    assert "1 copied, 0" in move(s3, f"file://{tmp_path / 'again'}")
    assert Folder(tmp_path / "again").path(tenant.id, path).read_bytes() == FACT
    folder.write(tenant.id, path, [b"bad disk"])
    with pytest.raises(CommandError, match="1 files are not what was uploaded"):
        move(f"file://{folder.root}", s3)
    with storage.open_file(tenant.id, path) as (file, _size):
        assert file.read() == FACT
    gone = new_id()
    for owner, name in (
        (tenant.id, "orphan"),
        (tenant.id, path),
        (tenant.id, "new"),
        (gone, "old"),
    ):
        folder.write(owner, name, [b"x"])
        if name != "new":
            os.utime(folder.path(owner, name), (1, 1))
    settings.FILE_STORE = folder.root
    call_command("sweep_files", stdout=StringIO())
    assert (kept(tenant.id), kept(gone)) == (sorted([path, "new"]), [])


def move(source: str, target: str) -> str:
    """All workspaces': of another test's the role may be away for a moment."""
    for _ in range(_TRIES):
        said = StringIO()
        try:
            call_command("move_files", source, target, stdout=said)
        except DatabaseError:
            time.sleep(1)
            continue
        return said.getvalue()
    raise AssertionError("a workspace's role stays away")
