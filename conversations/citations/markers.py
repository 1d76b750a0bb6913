"""`[n]` markers, found while the answer streams. Pure."""

import re
from collections.abc import Sequence

from conversations.citations.values import Marker

_MARKER = re.compile(r"([^\S\n]?)\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()")
# The end of a piece that may be the beginning of a marker (or of what tells it from a link), with those
# right before it: they stand for one statement, and are told together.
_UNDECIDED = re.compile(r"(?:[^\S\n]?\[[\d,\s]{0,24}\]){0,8}[^\S\n]?(?:\[[\d,\s]{0,24}\]?)?$")
# A model that repeats itself for ever would otherwise have each of its markers looked up.
MOST_MARKERS = 300


class MarkerParser:
    """Reads the answer piece by piece.

    Markers of passages that were given are kept (`[1, 3]` becomes `[1][3]`), markers of others are
    dropped from the text, and so are those beyond `MOST_MARKERS`. Code between backticks is left alone:
    `a[1]` there is an index.
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = frozenset(numbers)
        self._held = ""
        self._in_code = False
        self._length = 0
        self._left = MOST_MARKERS

    def feed(self, piece: str) -> tuple[str, list[Marker]]:
        """The text that can be shown now and the markers in it, placed in the whole text."""
        text = self._held + piece
        cut = _UNDECIDED.search(text)
        at = cut.start() if cut else len(text)
        self._held = text[at:]
        # A marker may come in pieces; half of one must not be shown.
        return self._decide(text[:at])

    def end(self) -> tuple[str, list[Marker]]:
        """What was still held back."""
        text, self._held = self._held, ""
        return self._decide(text)

    def _decide(self, text: str) -> tuple[str, list[Marker]]:
        found: list[Marker] = []
        shown: list[str] = []
        for position, part in enumerate(text.split("`")):
            if position:
                self._show("`", shown)
                self._in_code = not self._in_code
            if self._in_code:
                self._show(part, shown)
            else:
                self._keep_valid(part, shown, found)
        return "".join(shown), found

    def _keep_valid(self, part: str, shown: list[str], found: list[Marker]) -> None:
        end = 0
        for marker in _MARKER.finditer(part):
            self._show(part[end : marker.start()], shown)
            end = marker.end()
            valid = [n for n in map(int, marker[2].split(",")) if n in self._numbers]
            valid = valid[: self._left]
            self._left -= len(valid)
            if valid:
                self._show(marker[1], shown)
            for n in valid:
                found.append(Marker(n, self._length))
                self._show(f"[{n}]", shown)
        self._show(part[end:], shown)

    def _show(self, text: str, shown: list[str]) -> None:
        shown.append(text)
        self._length += len(text)


def side_by_side(markers: Sequence[Marker]) -> list[list[Marker]]:
    """Markers that stand for the same statement, together: nothing stands between them."""
    groups: list[list[Marker]] = []
    end = -1
    for marker in markers:
        # A blank may stand between two.
        if groups and marker.at - end <= 1:
            groups[-1].append(marker)
        else:
            groups.append([marker])
        end = marker.at + len(f"[{marker.n}]")
    return groups
