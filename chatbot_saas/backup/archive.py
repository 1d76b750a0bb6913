"""What is inside of the seal: a tar stream, packed, whose parts are counted and summed up.

Parts are JSON values, rows (COPY text, one line a row) and files. Nobody knows beforehand how many bytes
of rows come, and tar wants to know: rows are cut into segments. A section is a folder that ends with a
manifest of its own, and the archive ends with the manifest of its sections, so what is kept in memory
grows with neither rows nor files.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO, Any, BinaryIO, Literal, cast

from chatbot_saas.backup.errors import Damaged
from chatbot_saas.backup.sealing import SealedReader, SealedWriter

SEGMENT = 4 * 1024 * 1024
_PIECE = 256 * 1024
MANIFEST = "manifest.json"
Kind = Literal["json", "rows", "files"]
Values = dict[str, Any]


@dataclass
class Sum:
    """Of a part that is written or read: `count` is rows or files."""

    count: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add_rows(self, piece: bytes) -> None:
        self.count += piece.count(b"\n")
        self.size += len(piece)
        self.digest.update(piece)

    def add_file(self, name: str, size: int, digest: bytes) -> None:
        """Of a folder's files in their order: names and contents both."""
        self.count += 1
        self.size += size
        self.digest.update(f"{len(name)} {name}".encode() + digest)

    def told(self) -> Values:
        return {"count": self.count, "bytes": self.size, "sha256": self.digest.hexdigest()}


class ArchiveWriter:
    """Writes sections one after the other; `close` makes the archive whole."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        self._sealed = SealedWriter(target, passphrase)
        # Fast: what is left to gain is not worth the time. Without a time, the same is the same.
        sealed = cast(IO[bytes], self._sealed)
        self._packed = gzip.GzipFile("", "wb", compresslevel=1, fileobj=sealed, mtime=0)
        self._tar = tarfile.TarFile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)
        self._sums: dict[str, Sum] = {}
        self._section = ""
        self.sections: dict[str, str] = {}

    def write_json(self, name: str, value: Values) -> None:
        content = json.dumps(value, ensure_ascii=False).encode()
        self._add(f"{self._section}{name}", len(content), io.BytesIO(content))

    def open_section(self, name: str) -> None:
        self._section, self._sums = f"{name}/", {}

    def write_rows(self, name: str, pieces: Iterable[bytes]) -> int:
        """`pieces` end where a row does. Returns how many rows there were."""
        total = self._sums[name] = Sum()
        held, number = bytearray(), 0
        for piece in pieces:
            total.add_rows(piece)
            held += piece
            if len(held) >= SEGMENT:
                number = self._write_segment(name, held, number)
        if held:
            self._write_segment(name, held, number)
        return total.count

    def _write_segment(self, name: str, held: bytearray, number: int) -> int:
        self._add(f"{self._section}{name}/{number:08}", len(held), io.BytesIO(bytes(held)))
        held.clear()
        return number + 1

    def write_file(self, folder: str, name: str, size: int, file: BinaryIO) -> None:
        """`size` bytes of the file, in a folder of files."""
        summed = _Summed(file)
        self._add(f"{self._section}{folder}/{name}", size, cast(IO[bytes], summed))
        total = self._sums.setdefault(folder, Sum())
        total.add_file(name, size, summed.digest.digest())

    def close_section(self) -> None:
        told = {name: total.told() for name, total in self._sums.items()}
        self.write_json(MANIFEST, {"parts": told})
        self.sections[self._section.rstrip("/")] = _digest_of(told)
        self._section, self._sums = "", {}

    def close(self, summary: Values) -> None:
        self.write_json(MANIFEST, {**summary, "sections": self.sections})
        self._tar.close()
        self._packed.close()
        self._sealed.finish()

    def _add(self, name: str, size: int, file: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, file)
        _forget_members(self._tar)


class _Summed:
    """A file that is summed up while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


@dataclass
class Part:
    """Something of the archive. What nobody has read of it is read and summed up before the next one."""

    section: str
    name: str
    kind: Kind
    pieces: Iterator[bytes]
    value: Values = field(default_factory=dict)


class ArchiveReader:
    """Gives the parts of an archive in their order, and compares them with the manifests."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._sealed = SealedReader(source, passphrase)
        self._packed = gzip.GzipFile(fileobj=cast(IO[bytes], self._sealed), mode="rb")
        self._sums: dict[str, Sum] = {}
        self._sections: dict[str, str] = {}
        self.summary: Values = {}

    def parts(self) -> Iterator[Part]:
        """Raises `Damaged`. A section is as it was written when its last part, a JSON `manifest.json`,
        is given; the archive is whole when there is no further part."""
        try:
            with closing(tarfile.open(fileobj=self._packed, mode="r|")) as tar:
                for stem, members in groupby(_members(tar), key=_stem):
                    part = self._part(tar, stem, members)
                    yield part
                    for _ in part.pieces:
                        pass
                    if self.summary:
                        break
            self._read_to_the_end()
        except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
            # Of the seal's own errors none is among these: here the seal held, and what it held is odd.
            raise Damaged(f"The backup cannot be read: {error}.") from error

    def _part(self, tar: tarfile.TarFile, stem: str, members: Iterator[tarfile.TarInfo]) -> Part:
        section, name, kind = _place(stem)
        if kind == "json":
            value = json.loads(b"".join(_read(tar, next(members))))
            if name == MANIFEST:
                self._compare(section, value)
            return Part(section, name, kind, iter(()), value)
        if kind == "files":
            member = next(members)
            folder, _, path = name.partition("/")
            total = self._sums.setdefault(folder, Sum())
            return Part(section, path, kind, _file(total, path, member.size, _read(tar, member)))
        total = self._sums[name] = Sum()
        return Part(section, name, kind, _rows(total, tar, members))

    def _compare(self, section: str, manifest: Values) -> None:
        if not section:
            if manifest["sections"] != self._sections:
                raise Damaged("The backup is not whole: sections of its manifest are missing.")
            self.summary = manifest
            return
        # Of tables without rows there is a sum, and no segment.
        empty = Sum().told()
        found = {name: total.told() for name, total in self._sums.items()}
        for name in sorted(manifest["parts"].keys() | found.keys()):
            if manifest["parts"].get(name) != found.get(name, empty):
                raise Damaged(
                    f"The backup is not whole: {section}/{name} is not as it was written."
                )
        self._sections[section] = _digest_of(manifest["parts"])
        self._sums = {}

    def _read_to_the_end(self) -> None:
        if not self.summary:
            raise Damaged("The backup is not whole: it has no manifest.")
        while self._packed.read(_PIECE):
            pass


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        _forget_members(tar)
        yield member


def _forget_members(tar: tarfile.TarFile) -> None:
    """It remembers all that it has seen, for those who can go back."""
    vars(tar)["members"].clear()


def _stem(member: tarfile.TarInfo) -> str:
    """The segments of a table have one."""
    head, _, last = member.name.rpartition("/")
    return (
        head
        if last.isdecimal() and len(last) == 8 and "/files/" not in member.name
        else member.name
    )


def _place(stem: str) -> tuple[str, str, Kind]:
    """Section, name in it and kind: `workspaces/t_x/tables/y` is `tables/y` of `workspaces/t_x`."""
    parts = stem.split("/")
    depth = {"workspaces": 2, "shared": 1}.get(parts[0], 0)
    section, name = "/".join(parts[:depth]), "/".join(parts[depth:])
    if name.startswith("files/"):
        return section, name, "files"
    return section, name, "json" if name.endswith(".json") else "rows"


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(member)
    while file is not None and (piece := file.read(_PIECE)):
        yield piece


def _rows(total: Sum, tar: tarfile.TarFile, members: Iterator[tarfile.TarInfo]) -> Iterator[bytes]:
    for member in members:
        for piece in _read(tar, member):
            total.add_rows(piece)
            yield piece


def _file(total: Sum, path: str, size: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    total.add_file(path, size, digest.digest())


def _digest_of(parts: Values) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
