"""What of an answer a visitor is shown, where a chatbot says nothing that no source carries. Pure."""

import re
from collections.abc import Sequence
from itertools import pairwise

from conversations.citations.values import Judged

# Where a statement ends, with its markers: what follows is none of them.
_END = re.compile(
    r"[.!?…।][\"'”’)\]*]{0,4}(?:[^\S\n]?\[\d{1,3}\]){0,8}[^\S\n]{1,4}(?=[^\s\[])|[。！？]|\n"
)
# What goes on for longer without an end is no statement.
_LONGEST = 4_000
# Stands in place of what was left out.
LEFT_OUT = "(…)"


class Release:
    """Holds text back until it may be shown.

    With `withholds` a statement waits for its markers, and one that its passages do not carry is left
    out. With `needs_source` nothing is shown before something is cited.
    """

    def __init__(self, *, withholds: bool = False, needs_source: bool = False) -> None:
        self._withholds, self._needs_source = withholds, needs_source
        # Text that waits, where it begins among all that was fed, and the markers in it.
        self._text, self._begin = "", 0
        self._judged: list[Judged] = []
        # How much was shown, and what stands for what was left out before anything was.
        self._length, self._prefix, self._in_gap = 0, "", False
        self.left_out: list[str] = []

    def feed(self, text: str, judged: Sequence[Judged]) -> tuple[str, list[Judged]]:
        """What can be shown now, with its markers as they are placed in what is shown."""
        self._text += text
        self._judged += judged
        if not self._withholds:
            return self._let_go(len(self._text))
        ends = [match.end() for match in _END.finditer(self._text)]
        whole = len(self._text) if len(self._text) > _LONGEST else 0
        return self._let_go(ends[-1] if ends else whole)

    def end(self) -> tuple[str, list[Judged]]:
        """What was still held back; nothing where all is left out, or nothing is cited that has to be."""
        return self._let_go(len(self._text))

    def _let_go(self, end: int) -> tuple[str, list[Judged]]:
        if self._needs_source and not any(one.supported for one in self._judged):
            return "", []
        self._needs_source = False
        shown, markers = self._prefix, list[Judged]()
        said = bool(self._length)
        for start, stop in self._statements(end):
            text, inside = self._text[start:stop], self._inside(start, stop)
            if self._withholds and not all(one.supported for one in inside):
                self.left_out.append(text.strip())
                # One sign for several in a row.
                shown += "" if self._in_gap else LEFT_OUT
                text, self._in_gap = text[len(text.rstrip()) :], True
            elif text.strip():
                by = self._length + len(shown) - start - self._begin
                markers += [one.moved(by) for one in inside]
                said, self._in_gap = True, False
            shown += text
        self._text, self._begin = self._text[end:], self._begin + end
        self._judged = [one for one in self._judged if one.quoted.marker.at >= self._begin]
        # A gap alone is no answer: it waits for the statement beside it.
        self._prefix, shown = ("", shown) if said else (shown, "")
        self._length += len(shown)
        return shown, markers

    def _statements(self, end: int) -> list[tuple[int, int]]:
        if not self._withholds:
            return [(0, end)]
        ends = [match.end() for match in _END.finditer(self._text, 0, end)]
        edges = [0, *ends, *([end] if not ends or ends[-1] < end else [])]
        return list(pairwise(edges))

    def _inside(self, start: int, stop: int) -> list[Judged]:
        begin = self._begin
        return [one for one in self._judged if start <= one.quoted.marker.at - begin < stop]
