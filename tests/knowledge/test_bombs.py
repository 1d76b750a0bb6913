"""Files made to take a worker's memory and time: refused or read within bounds, whatever they are.

The worst few here, all thirty in the drill. Others' files are read meanwhile.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from knowledge import selectors, services
from knowledge.chunking import MAX_CHUNKS, Block, TooLong, place
from knowledge.parsing.base import MAX_HEADING_PATH, Blocks, Headings, ParseError
from knowledge.parsing.html import parse_html
from knowledge.parsing.process import parse_file
from tenants.context import tenant_context
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.knowledge import bombs
from tests.live import ROOT, Process

COUNT, WORKER_COUNT, WORKER_SECONDS = 5, 4, 120
MEGABYTES, SECONDS = 512, 32
MEGABYTE = 1 << 20


def measured(path: Path) -> dict[str, Any]:
    """What a worker that reads the file would take, from `bomb_reader`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.knowledge.bomb_reader", str(path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=180,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_a_bomb_takes_no_more_than_its_share(tmp_path: Path) -> None:
    assert len(bombs.BOMBS) == 30
    over = {}
    for label, name, make in bombs.BOMBS[:COUNT]:
        path = tmp_path / name
        path.write_bytes(make())
        took = measured(path)
        print(label, took)
        if took["own"] + took["child"] > MEGABYTES or took["seconds"] > SECONDS:
            over[label] = took
    assert over == {}


@pytest.mark.parametrize(
    ("encoding", "options"),
    [
        ("utf-8", {"before": 0}),
        ("utf-8", {"before": 70_000}),
        ("utf-16", {}),
        ("utf-16-le", {}),
        ("utf-16-be", {}),
        ("utf-8-sig", {}),
        ("latin-1", {}),
        ("utf-8", {"part": "word/styles.xml"}),
        ("utf-16", {"part": "word/comments.xml"}),
        ("utf-8", {"part": "word/picture.bin"}),
        ("utf-16", {"part": "word/media/picture.png"}),
        ("utf-8", {"part": "_rels/.rels"}),
    ],
)
def test_entities_are_seen_however_they_are_encoded(
    tmp_path: Path, encoding: str, options: dict[str, Any]
) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(bombs.with_doctype(encoding, **options))
    # What has no mark of its encoding is no XML to the reader either.
    codes = {"bomb", "damaged"} if encoding.startswith("utf-16-") else {"bomb"}
    assert refusal(path) in codes


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32"])
def test_an_encoding_that_nobody_writes_is_damage(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(bombs.with_doctype(encoding))
    assert refusal(path) in {"bomb", "damaged"}


def refusal(path: Path) -> str:
    with pytest.raises(ParseError) as caught:
        parse_file(path, path.name, lambda done, total: None)
    return caught.value.code


def test_what_a_document_may_not_have_is_not_gathered_first() -> None:
    blocks = Blocks()
    for number in range(MAX_CHUNKS):
        blocks.add(Block(number, number + 1, None, str(number)))
    with pytest.raises(ParseError) as caught:
        blocks.add(Block(MAX_CHUNKS, MAX_CHUNKS + 1, None, "one more"))
    assert caught.value.code == "too_long"


@pytest.mark.parametrize(
    "make", [lambda: "word " * 2_000_000, lambda: ". " * 600_000], ids=["passages", "sentences"]
)
def test_splitting_stops_at_the_limit(make: Callable[[], str]) -> None:
    text = make()
    with pytest.raises(TooLong):
        place(text, [Block(0, len(text))])


def test_a_path_of_headings_is_bounded() -> None:
    headings = Headings([])
    for level in range(1, 5_000):
        headings.enter(level, "w" * 5_000)
    assert len(headings.path) == MAX_HEADING_PATH


def test_only_the_six_headings_of_html_are_headings() -> None:
    parsed = parse_html(b"<h1>One</h1><h7>Seven</h7><p>Words</p>")
    assert [block.heading_path for block in parsed.blocks] == ["One"]


def memory(pid: int) -> int:
    """Megabytes of a process and its children, as they are now; 0 once it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family) // MEGABYTE
    except psutil.NoSuchProcess:
        return 0


def test_others_files_are_read_while_a_worker_reads_bombs(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    with Process("worker") as worker:
        warm = upload(other_tenant, "warm.md", b"# Warm\n\nThe first file loads the model.")
        eventually(lambda: is_done(other_tenant, warm), within=90)
        rest = peak = memory(worker.pid)
        waiting = [
            upload(tenant, f"{number}-{name}", make())
            for number, (_, name, make) in enumerate(bombs.BOMBS[:WORKER_COUNT])
        ]
        other = upload(other_tenant, "b.md", b"# Depot\n\nIt opens at six.")
        others_turn = -1

        def look() -> bool:
            nonlocal peak, others_turn
            peak = max(peak, memory(worker.pid))
            waiting[:] = [document for document in waiting if not is_done(tenant, document)]
            if others_turn < 0 and is_done(other_tenant, other):
                others_turn = len(waiting)
            return not waiting and others_turn >= 0

        eventually(look, within=WORKER_SECONDS)
    print(f"{rest} MB at rest, {peak} MB at most, the other file with {others_turn} waiting")
    assert peak - rest <= MEGABYTES


def upload(tenant: TenantRef, name: str, content: bytes) -> UUID:
    with tenant_context(tenant.id):
        return services.create_document(filename=name, content=content)[0].id


def is_done(tenant: TenantRef, document_id: UUID) -> bool:
    with tenant_context(tenant.id):
        return selectors.get_document(document_id).status in ("ready", "failed")
