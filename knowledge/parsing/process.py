"""Starts the child that reads a file, follows it, and ends it when it takes too long."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from threading import Timer
from typing import IO

import msgspec

from knowledge.parsing.base import MAX_RESULT_BYTES, Parsed, ParseError, Refusal, Report

WALL_SECONDS = 30.0
_MAX_LINE = 200
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
        kind, answer = _follow(child.stdout, report)
        if answer is None:
            raise _death(child.wait())
    # The child is gone by now: its memory and that of the answer do not add up.
    if kind == b"E":
        error = msgspec.json.decode(answer, type=Refusal)
        raise ParseError(error.code, **error.words)
    return msgspec.json.decode(answer, type=Parsed)


def _follow(output: IO[bytes], report: Report) -> tuple[bytes, bytes | None]:
    """What kind of answer it is and its bytes; None for a child that has died on the way."""
    while line := output.readline(_MAX_LINE):
        kind, *numbers = line.split()
        if kind == b"P":
            done, total = map(int, numbers)
            report(done, total)
            continue
        size = min(int(numbers[0]), MAX_RESULT_BYTES)
        answer = output.read(size)
        return kind, answer if len(answer) == size else None
    return b"", None


def _death(code: int) -> Exception:
    if code in (-SIGKILL, -SIGXCPU):
        return ParseError("too_slow")
    if code < 0:
        # pdfium aborts on what it cannot take, memory above all.
        return ParseError("damaged")
    return ParserLost(f"the parser ended with code {code} and no answer")


@contextmanager
def _child(file: IO[bytes], filename: str, seconds: float) -> Iterator["subprocess.Popen[bytes]"]:
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
