"""Starts the child that reads a file, follows it, and ends it when it takes too long."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from threading import Timer
from typing import IO, Any

from knowledge.chunking import Block
from knowledge.parsing.base import Parsed, ParseError, Report

WALL_SECONDS = 100.0
_ROOT = Path(__file__).resolve().parents[2]


class ParserLost(Exception):
    """The child died of something that is not the file's fault, such as a stopping machine."""


def parse_file(
    path: Path, filename: str, report: Report, *, wall_seconds: float = WALL_SECONDS
) -> Parsed:
    """Reads a file in a child process; `report(done, total)` is called now and then meanwhile.

    Raises ParseError with a sentence for a person, ParserLost when it is worth another try.
    """
    with path.open("rb") as file, _child(file, filename, wall_seconds) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("P "):
                done, total = line[2:].split()
                report(int(done), int(total))
            elif line.startswith("R "):
                return _decoded(json.loads(line[2:]))
            else:
                error = json.loads(line[2:])
                raise ParseError(error["code"], **error["words"])
        raise _death(child.wait())


def _death(code: int) -> Exception:
    if code in (-SIGKILL, -SIGXCPU):
        return ParseError("too_slow")
    if code < 0:
        # pdfium aborts on what it cannot take, memory above all.
        return ParseError("damaged")
    return ParserLost(f"the parser ended with code {code} and no answer")


@contextmanager
def _child(file: IO[bytes], filename: str, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(
        # Neither the environment nor a user's packages change what the child runs.
        [sys.executable, "-E", "-s", "-X", "utf8", "-m", "knowledge.parsing.child", filename],
        stdin=file,
        stdout=subprocess.PIPE,
        # Parsers print what they read, and a log holds nothing of a document.
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        # Nothing of ours: no secret of the worker's environment reaches a stranger's file.
        env={},
        text=True,
        encoding="utf-8",
    )
    # The child's own limit counts CPU; one that sleeps or waits uses none.
    timer = Timer(seconds, child.kill)
    timer.start()
    try:
        yield child
    finally:
        timer.cancel()
        child.kill()
        child.wait()


def _decoded(result: dict[str, Any]) -> Parsed:
    blocks = tuple(Block(*block) for block in result["blocks"])
    return Parsed(result["text"], blocks, result["title"], result["pages"])
