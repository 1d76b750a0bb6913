"""Inside of the seal: parts come out as they went in, and what is not as the manifest says is found."""

import io
import os
import tracemalloc
from collections.abc import Iterator

import pytest

from chatbot_saas.backup.archive import SEGMENT, ArchiveReader, ArchiveWriter
from chatbot_saas.backup.errors import Damaged
from tests.backup.commands import KEY

ROWS = [b"1\tone\n", b"2\ttwo\n" * (SEGMENT // 5), b"3\tthree\n"]
FILE = os.urandom(300_000)


class Forgetful(ArchiveWriter):
    """The broken build: it loses a table after it was counted."""

    def _write_segment(self, name: str, held: bytearray, number: int) -> int:
        if name == "tables/second":
            held.clear()
            return number
        return super()._write_segment(name, held, number)


def written(writer_class: type[ArchiveWriter] = ArchiveWriter) -> bytes:
    target = io.BytesIO()
    writer = writer_class(target, KEY)
    writer.write_json("backup.json", {"format": 1})
    writer.open_section("workspaces/t_first")
    writer.write_json("workspace.json", {"slug": "first"})
    assert writer.write_rows("tables/first", iter(ROWS)) == 2 + SEGMENT // 5
    writer.write_rows("tables/empty", iter(()))
    writer.write_rows("tables/second", iter([b"x\n"]))
    writer.write_file("files", "deep/00000001", len(FILE), io.BytesIO(FILE))
    writer.close_section()
    writer.open_section("shared")
    writer.write_rows("tenants_user", iter([b"somebody\n"]))
    writer.close_section()
    writer.close({"workspaces": 1})
    return target.getvalue()


def test_parts_come_out_as_they_went_in() -> None:
    reader = ArchiveReader(io.BytesIO(written()), KEY)
    found = {
        (part.section, part.name): part.value or b"".join(part.pieces) for part in reader.parts()
    }
    assert found[("workspaces/t_first", "tables/first")] == b"".join(ROWS)
    assert found[("workspaces/t_first", "deep/00000001")] == FILE
    assert found[("shared", "tenants_user")] == b"somebody\n"
    assert found[("", "backup.json")] == {"format": 1}
    assert reader.summary["workspaces"] == 1


def test_parts_that_nobody_reads_are_compared_all_the_same() -> None:
    reader = ArchiveReader(io.BytesIO(written()), KEY)
    assert len(list(reader.parts())) == 9
    with pytest.raises(Damaged, match="tables/second is not as it was written"):
        list(ArchiveReader(io.BytesIO(written(Forgetful)), KEY).parts())


def test_memory_does_not_grow_with_what_is_written_and_read() -> None:
    def many() -> Iterator[bytes]:
        row = b"a row of a table without an end\n" * 2000
        return (row for _ in range(2000))

    class Nowhere(io.BytesIO):
        size = 0

        def write(self, piece: object) -> int:
            written = super().write(piece)  # type: ignore[arg-type]
            self.size += written
            return written

    target = Nowhere()
    tracemalloc.start()
    writer = ArchiveWriter(target, KEY)
    writer.open_section("workspaces/t_large")
    writer.write_rows("tables/large", many())
    writer.close_section()
    writer.close({})
    for part in ArchiveReader(io.BytesIO(target.getvalue()), KEY).parts():
        for _ in part.pieces:
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 128 MB of rows went through.
    assert peak < 24_000_000
