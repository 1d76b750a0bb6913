"""`python -m knowledge.parsing.child FILENAME < file`: reads one file under hard limits.

Standard output: lines `P done total` while it reads, then `R bytes` or `E bytes` and so many bytes
of JSON: a `Parsed`, already split, or a `Refusal`.
A process of its own, because a parser of strangers' files may crash, loop or eat all memory; a
fresh one and no fork, because the worker has threads. Only the parser needed is imported.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from dataclasses import replace
from typing import Literal

import msgspec

from knowledge.chunking import TooLong, place
from knowledge.parsing.base import (
    MAX_FILE_BYTES,
    MAX_RESULT_BYTES,
    Parsed,
    ParseError,
    Refusal,
    Report,
)
from knowledge.parsing.kinds import Kind, find_kind

# The worker and its child together stay below 512 MB beyond the worker's rest.
MEMORY_BYTES = 400_000_000
CPU_SECONDS = 20
_REPORT_SECONDS = 0.2
_LIFE_SECONDS = 5.0
MAX_TITLE = 500


_PR_SET_PDEATHSIG = 1


def limit_resources() -> None:
    """No more memory and time than a document needs, no file written, no process started, and no
    life after the worker's."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        # Enough to stop what a hostile file would want: to write, and to start something.
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def parse(kind: Kind, data: bytes) -> Parsed:
    if kind == "pdf":
        from knowledge.parsing.pdf import parse_pdf

        return parse_pdf(data, _reporter())
    if kind == "docx":
        from knowledge.parsing.docx import parse_docx

        return parse_docx(data)
    if kind == "html":
        from knowledge.parsing.html import parse_html

        return parse_html(data)
    from knowledge.parsing.text import parse_markdown, parse_text

    return parse_markdown(data) if kind == "markdown" else parse_text(data)


def _reporter() -> Report:
    reported = 0.0

    def report(done: int, total: int) -> None:
        nonlocal reported
        # The first and the last page always, so that a bar begins and ends.
        if done in (1, total) or time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            _say(f"P {done} {total}")

    return report


def _say(line: str) -> None:
    """Past Python's buffer: a signal handler may speak at any time."""
    _write(line.encode() + b"\n")


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def _show_life(*_: object) -> None:
    _say("P 0 0")


def read(filename: str, data: bytes) -> Parsed:
    parsed = parse(find_kind(data, filename), data)
    # A scan without text would be ready and answer nothing.
    if not parsed.text.strip():
        raise ParseError("no_text")
    try:
        spans = place(parsed.text, parsed.blocks)
    except TooLong as error:
        raise ParseError("too_long") from error
    return replace(parsed, title=parsed.title[:MAX_TITLE], spans=tuple(spans))


def main() -> None:
    limit_resources()
    # Formats without pages have no progress to report, and the worker's lease wants a sign of life.
    signal.signal(signal.SIGALRM, _show_life)
    signal.setitimer(signal.ITIMER_REAL, _LIFE_SECONDS, _LIFE_SECONDS)
    kind, answer = _answer(sys.argv[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    _say(f"{kind} {len(answer)}")
    _write(answer)


def _answer(filename: str) -> tuple[Literal["R", "E"], bytes]:
    try:
        # One byte more than allowed tells a file that is too large.
        return "R", _encoded(read(filename, sys.stdin.buffer.read(MAX_FILE_BYTES + 1)))
    except ParseError as error:
        return "E", msgspec.json.encode(Refusal(error.code, error.words))
    except (MemoryError, RecursionError):
        return "E", msgspec.json.encode(Refusal("too_hungry", {}))
    except Exception:  # noqa: BLE001 (the boundary: a parser may raise anything on a bad file)
        return "E", msgspec.json.encode(Refusal("damaged", {}))


def _encoded(parsed: Parsed) -> bytes:
    answer = msgspec.json.encode(parsed)
    if len(answer) > MAX_RESULT_BYTES:
        raise ParseError("too_much_text")
    return answer


if __name__ == "__main__":
    main()
