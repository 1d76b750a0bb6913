"""The naive stream: events go to whoever listens at the moment, and nowhere else."""

from collections.abc import Sequence

from conversations.turns.eventlog import LogWriter


async def append(
    self: LogWriter, first_seq: int, lines: Sequence[str], *, last: bool = False
) -> None:
    return None


LogWriter.append = append  # type: ignore[method-assign]
