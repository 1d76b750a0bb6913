"""`python -m knowledge.parsing.child FILENAME < file`: reads one file under hard limits.

Standard output: lines `P done total` while it reads, then one line `R {json}` or `E {json}`.
A process of its own, because a parser of strangers' files may crash, loop or eat all memory; a
fresh one and no fork, because the worker has threads. Only the parser needed is imported.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from dataclasses import astuple

from knowledge.parsing.base import MAX_FILE_BYTES, Parsed, ParseError, Report
from knowledge.parsing.kinds import Kind, find_kind

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
_REPORT_SECONDS = 0.2
_LIFE_SECONDS = 5.0


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
    data = memoryview(line.encode() + b"\n")
    while data:
        data = data[os.write(1, data) :]


def _show_life(*_: object) -> None:
    _say("P 0 0")


def read(filename: str, data: bytes) -> Parsed:
    parsed = parse(find_kind(data, filename), data)
    # A scan without text would be ready and answer nothing.
    if not parsed.text.strip():
        raise ParseError("no_text")
    return parsed


def main() -> None:
    limit_resources()
    # Formats without pages have no progress to report, and the worker's lease wants a sign of life.
    signal.signal(signal.SIGALRM, _show_life)
    signal.setitimer(signal.ITIMER_REAL, _LIFE_SECONDS, _LIFE_SECONDS)
    answer = _answer(sys.argv[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    _say(answer)


def _answer(filename: str) -> str:
    try:
        # One byte more than allowed tells a file that is too large.
        parsed = read(filename, sys.stdin.buffer.read(MAX_FILE_BYTES + 1))
        blocks = [astuple(block) for block in parsed.blocks]
        result = {"text": parsed.text, "title": parsed.title, "pages": parsed.pages}
        return "R " + json.dumps({**result, "blocks": blocks})
    except ParseError as error:
        return "E " + json.dumps({"code": error.code, "words": error.words})
    except (MemoryError, RecursionError):
        return 'E {"code": "too_hungry", "words": {}}'
    except Exception:  # noqa: BLE001 (the boundary: a parser may raise anything on a bad file)
        return 'E {"code": "damaged", "words": {}}'


if __name__ == "__main__":
    main()
