"""The archive that a Word document is: its bounds are looked at before anything is unfolded."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from knowledge.parsing.base import ParseError

MAX_ENTRIES = 2_000
MAX_UNFOLDED = 100_000_000
# Text folds at most about 20-fold; below this size a high ratio does no harm.
MAX_RATIO, RATIO_FROM = 100, 5_000_000
# A part of 20,000 passages has about 300,000 elements, and a tree of it takes 300 bytes for each.
MAX_ELEMENTS = 600_000
MAX_DEPTH = 200
_SLICE = 1 << 16
_XML_NAMES = (".xml", ".rels", ".vml")
_MARKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


class Archive:
    """Raises ParseError in everything that it does."""

    def __init__(self, data: bytes) -> None:
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ParseError("damaged") from error

    def check(self) -> None:
        """Refuses a bomb by its directory, and every part that declares entities or is built too
        high or too wide. The directory may lie, but a reader stops at the size it declares."""
        entries = self._file.infolist()
        unfolded = sum(entry.file_size for entry in entries)
        ratio = unfolded / max(1, sum(entry.compress_size for entry in entries))
        if len(entries) > MAX_ENTRIES or unfolded > MAX_UNFOLDED:
            raise ParseError("bomb")
        if unfolded > RATIO_FROM and ratio > MAX_RATIO:
            raise ParseError("bomb")
        if any(entry.flag_bits & 1 for entry in entries):
            raise ParseError("encrypted")
        for entry in entries:
            self._check_part(entry)

    def names(self, pattern: re.Pattern[str]) -> Iterator[str]:
        """The parts whose whole names match, in the archive's order."""
        return (name for name in self._file.namelist() if pattern.fullmatch(name))

    def xml(self, name: str) -> Any:
        """The root element of a part that `check` has passed; None where there is no such part."""
        # Only now: the child that reads another format has no use for it.
        from lxml import etree

        if name not in self._file.namelist():
            return None
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        try:
            return etree.fromstring(self._file.read(name), parser)
        except (etree.LxmlError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ParseError("damaged") from error

    def _check_part(self, entry: zipfile.ZipInfo) -> None:
        try:
            with self._file.open(entry) as file:
                head = file.read(_SLICE)
                # Pictures are never unfolded; a part may be XML whatever it is called.
                if entry.filename.lower().endswith(_XML_NAMES) or head.lstrip(_MARKS)[:1] == b"<":
                    checker = _Checker()
                    while head:
                        checker.feed(head)
                        head = file.read(_SLICE)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise ParseError("damaged") from error


class _Checker:
    """Reads XML as its bytes come: what it declares is seen after they are decoded."""

    def __init__(self) -> None:
        self._elements = self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._declare
        self._parser.EntityDeclHandler = self._declare
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, data: bytes) -> None:
        try:
            self._parser.Parse(data)
        except expat.ExpatError as error:
            raise ParseError("damaged") from error

    def _declare(self, *_: object) -> None:
        raise ParseError("bomb")

    def _start(self, *_: object) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise ParseError("bomb")

    def _end(self, _: str) -> None:
        self._depth -= 1
