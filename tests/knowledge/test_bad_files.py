"""Every broken file ends with its own sentence, within time, and opens nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.parsing.base import SENTENCES, ParseError
from knowledge.parsing.process import parse_file
from tests.knowledge import files

BAD_FILES: list[tuple[str, str, Callable[[], bytes]]] = [
    ("empty", "a.md", lambda: b""),
    ("empty", "a.txt", lambda: b" \n\t\n"),
    ("empty", "a.pdf", lambda: b""),
    ("no_text", "scan.pdf", lambda: files.make_pdf(["", ""])),
    ("no_text", "a.html", lambda: b"<html><body><script>alert(1)</script></body></html>"),
    ("no_text", "a.txt", lambda: "\u200b\ufeff\u2060".encode()),
    ("encrypted", "a.pdf", files.make_encrypted_pdf),
    ("encrypted", "a.docx", files.make_encrypted_docx),
    ("old_word", "a.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    ("damaged", "a.pdf", lambda: b"%PDF-1.7\n" + b"\x00\x01garbage" * 50),
    ("damaged", "a.pdf", lambda: bytes(range(256)) * 20),
    ("damaged", "a.docx", lambda: files.make_docx(("Normal", "word " * 500))[:-400]),
    ("oversized", "a.txt", lambda: b"word " * 5_000_001),
    ("mislabelled", "a.pdf", lambda: b"These are just words.\n"),
    ("mislabelled", "a.docx", lambda: files.make_pdf(["words"])),
    ("mislabelled", "a.md", lambda: files.make_pdf(["words"])),
    ("mislabelled", "a.txt", lambda: bytes(range(256)) * 20),
    ("unsupported", "a.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(300)),
    ("unsupported", "a.zip", lambda: files.make_zip({"a.txt": b"words"})),
    ("not_text", "a.txt", lambda: b"\xff\xfea\x00\x00\xd8"),
    ("bomb", "a.docx", files.make_docx_bomb),
    ("bomb", "a.docx", files.make_entity_docx),
    (
        "bomb",
        "a.docx",
        lambda: files.make_zip({f"word/document.xml{n}": b"x" for n in range(2_500)}),
    ),
]


@pytest.mark.parametrize(("code", "name", "make"), BAD_FILES, ids=lambda value: str(value)[:12])
def test_a_bad_file_is_refused_with_its_sentence(
    tmp_path: Path, code: str, name: str, make: Callable[[], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(ParseError) as caught:
        parse_file(path, name, lambda done, total: None)
    assert caught.value.code == code
    assert str(caught.value) == SENTENCES[code].format(**caught.value.words)


def test_a_directory_that_lies_unfolds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(files.make_lying_docx_bomb())
    with pytest.raises(ParseError) as caught:
        parse_file(path, "a.docx", lambda done, total: None)
    assert caught.value.code in {"bomb", "damaged"}


def test_a_mislabelled_file_is_told_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"plain words")
    with pytest.raises(ParseError, match="it is a PDF, but its content is plain text"):
        parse_file(path, "report.pdf", lambda done, total: None)


def test_a_file_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(files.make_pdf(["words"] * 3_000))
    with pytest.raises(ParseError) as caught:
        parse_file(path, "long.pdf", lambda done, total: None, wall_seconds=0.02)
    assert caught.value.code == "too_slow"


def test_a_deeply_nested_page_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_bytes(b"<div>" * 20_000 + b"The bottom." + b"</div>" * 20_000)
    assert parse_file(path, "deep.html", lambda done, total: None).text == "The bottom."


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(files.make_pdf(["x"] * 5_001))
    with pytest.raises(ParseError) as caught:
        parse_file(path, "a.pdf", lambda done, total: None)
    assert caught.value.code == "too_many_pages"
