"""What of an answer a visitor is shown, where a chatbot says nothing that no source carries. Pure."""

import re
from collections.abc import Sequence
from itertools import pairwise

from conversations.citations.values import Judged
from conversations.text.sentences import ends_sentence

# Where a statement may end: an end mark or a line's end, with the markers behind it, wherever they stand.
# What follows is known, and is none.
_END = re.compile(
    r"(?:([.!?…।؟۔。！？])[\"'”’)\]*」』]{0,4}|\n)((?:\s{0,3}\[\d{1,3}\]){0,8})(\s{0,40})(?=([^\s\[]))"
)
_NEEDS_NO_BLANK = frozenset("。！？")
# “1.” before an item, which is no statement: on a line of its own, or behind the statement before it.
_NUMBERED = re.compile(r"(?:^|\n)[^\S\n]{0,12}(?:\d{1,3}|[a-zA-Z])$")
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
        if self._needs_source and not self._has_source():
            return "", []
        if not self._withholds:
            return self._let_go(len(self._text))
        ends = _ends(self._text)
        whole = len(self._text) if len(self._text) > _LONGEST else 0
        return self._let_go(ends[-1] if ends else whole)

    def end(self) -> tuple[str, list[Judged]]:
        """What was still held back; nothing where all is left out, or nothing is cited that has to be."""
        return self._let_go(len(self._text))

    def _let_go(self, end: int) -> tuple[str, list[Judged]]:
        if self._needs_source and not self._has_source():
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

    def _has_source(self) -> bool:
        # What will be left out is none.
        return any(one.supported or not self._withholds for one in self._judged)

    def _statements(self, end: int) -> list[tuple[int, int]]:
        if not self._withholds:
            return [(0, end)]
        ends = _ends(self._text[:end])
        edges = [0, *ends, *([end] if not ends or ends[-1] < end else [])]
        return list(pairwise(edges))

    def _inside(self, start: int, stop: int) -> list[Judged]:
        begin = self._begin
        return [one for one in self._judged if start <= one.quoted.marker.at - begin < stop]


def _ends(text: str) -> list[int]:
    """The places in the text where another statement begins."""
    found: list[int] = []
    for mark in _END.finditer(text):
        if _is_end(text, found[-1] if found else 0, mark):
            found.append(mark.end())
    return found


def _is_end(text: str, start: int, mark: re.Match[str]) -> bool:
    sign, markers, blank, following = mark.groups()
    if sign is None or sign in _NEEDS_NO_BLANK:
        return True
    at = mark.start()
    if not blank:
        # “… so [2].Next”, but not “version 2.5”.
        return bool(markers or text[at - 1 : at] == "]") and following.isupper()
    if _NUMBERED.search(text[max(start, at - 16) : at]):
        return False
    return bool(markers) or ends_sentence(text, start, at + 1, mark.end())
