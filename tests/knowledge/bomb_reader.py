"""`python -m tests.knowledge.bomb_reader PATH`: reads a file as a worker does and says what it took.

A process of its own, so that the peak of its memory is the file's alone. Sizes are megabytes beyond
what the process has at rest, its child counted whole.
"""

import json
import resource
import sys
import time
from pathlib import Path

from knowledge.chunking import cut
from knowledge.parsing.base import ParseError
from knowledge.parsing.process import parse_file


def own_peak() -> int:
    """Of this program alone: the system's other figure remembers what started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    path = Path(sys.argv[1])
    rest, began = own_peak(), time.monotonic()
    ended, chunks = "read", 0
    try:
        parsed = parse_file(path, path.name, lambda done, total: None)
        chunks = len(cut(parsed.text, parsed.blocks, parsed.spans))
    except ParseError as error:
        ended = error.code
    print(
        json.dumps(
            {
                "ended": ended,
                "chunks": chunks,
                "seconds": round(time.monotonic() - began, 2),
                "own": own_peak() - rest,
                "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
