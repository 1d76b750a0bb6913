"""`[n]` markers, found while the answer streams. Pure."""

import re
from collections.abc import Sequence

from conversations.citations.values import Marker

# At most sixteen numbers: what is undecided at the end of a piece has a bound.
_MARKER = re.compile(r"([^\S\n]?)\[(\d{1,3}(?:[^\S\n]{0,2},[^\S\n]{0,2}\d{1,3}){0,15})\](?!\()")
# The end of a piece that may be the beginning of a marker (or of what tells it from a link), with those
# right before it: they stand for one statement, and are told together.
_UNDECIDED = re.compile(
    r"(?:[^\S\n]?\[[\d,\s]{0,124}\]){0,8}[^\S\n]?(?:\[[\d,\s]{0,124}\]?)?$",
)
# A line that begins like this may open a block of code, and only its next signs tell.
_FENCE = re.compile(r" {0,3}(```|~~~)")
_MAYBE_FENCE = re.compile(r" {0,3}(?:`{1,2}|~{1,2})?$")
_STEP = re.compile(r"\n|`+")
# Code in a line is no longer than this between its backticks; the widget takes no more for code either.
_LONGEST_CODE = 2_000
# A model that repeats itself for ever would otherwise have each of its markers looked up.
MOST_MARKERS = 300


class MarkerParser:
    """Reads the answer piece by piece.

    Markers of passages that were given are kept (`[1, 3]` becomes `[1][3]`), markers of others are
    dropped from the text, and so are those beyond `MOST_MARKERS`. Blocks of code and code between
    backticks of one line are left alone: `a[1]` there is an index.
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = frozenset(numbers)
        self._held = ""
        # The sign that opened the block of code, and whether a line begins with what is held.
        self._fence = ""
        self._at_line_start, self._in_fence_line = True, False
        self._shown: list[str] = []
        self._found: list[Marker] = []
        self._length, self._last = 0, ""
        self._left = MOST_MARKERS

    def feed(self, piece: str) -> tuple[str, list[Marker]]:
        """The text that can be shown now and the markers in it, placed in the whole text."""
        return self._read(self._held + piece, is_last=False)

    def end(self) -> tuple[str, list[Marker]]:
        """What was still held back."""
        return self._read(self._held, is_last=True)

    def _read(self, text: str, *, is_last: bool) -> tuple[str, list[Marker]]:
        self._shown, self._found = [], []
        at = 0
        while at < len(text):
            to = self._step(text, at, is_last)
            if to == at:
                break
            at = to
        self._held = text[at:]
        return "".join(self._shown), self._found

    def _step(self, text: str, at: int, is_last: bool) -> int:
        """How far the text is decided from `at` on, which is shown."""
        if self._at_line_start and not is_last and _MAYBE_FENCE.match(text, at):
            return at
        if self._at_line_start:
            self._begin_line(text, at)
        if self._fence or self._in_fence_line:
            end = text.find("\n", at) + 1
            self._show(text[at : end or len(text)])
            if end:
                self._at_line_start, self._in_fence_line = True, False
            return end or len(text)
        found = _STEP.search(text, at)
        if found is None or found.start() > at:
            return self._say(text, at, found.start() if found else len(text), found, is_last)
        if found[0] == "\n":
            self._show("\n")
            self._at_line_start = True
            return found.end()
        return self._code(text, found, is_last)

    def _begin_line(self, text: str, at: int) -> None:
        self._at_line_start = False
        fence = _FENCE.match(text, at)
        if fence is None or self._fence not in ("", fence[1]):
            return
        # Its line belongs to the code, which ends with the next such line.
        self._in_fence_line = True
        self._fence = "" if self._fence else fence[1]

    def _say(self, text: str, at: int, end: int, found: re.Match[str] | None, is_last: bool) -> int:
        """Text without code. A marker may come in pieces; half of one must not be shown."""
        if found is None and not is_last:
            undecided = _UNDECIDED.search(text, at)
            end = undecided.start() if undecided else end
        self._keep_valid(text[at:end])
        return end

    def _code(self, text: str, opened: re.Match[str], is_last: bool) -> int:
        """Code in a line, or backticks that nothing closes."""
        start, signs = opened.start(), opened[0]
        grows = opened.end() == len(text) and not is_last
        if grows and len(signs) < _LONGEST_CODE:
            return start
        most = min(len(text), opened.end() + _LONGEST_CODE)
        for step in _STEP.finditer(text, opened.end(), most):
            if step[0] == "\n":
                break
            if step[0] == signs:
                if step.end() == len(text) and not is_last:
                    return start
                self._show(text[start : step.end()])
                return step.end()
        else:
            if not is_last and len(text) < opened.end() + _LONGEST_CODE:
                return start
        self._show(signs)
        return opened.end()

    def _keep_valid(self, part: str) -> None:
        end = 0
        for marker in _MARKER.finditer(part):
            self._show(part[end : marker.start()])
            end = marker.end()
            numbers = [int(n) for n in marker[2].split(",")]
            if self._is_text(marker, numbers):
                self._show(marker[0])
                continue
            valid = [n for n in numbers if n in self._numbers][: self._left]
            self._left -= len(valid)
            if valid:
                self._show(marker[1])
            for n in valid:
                self._found.append(Marker(n, self._length))
                self._show(f"[{n}]")
        self._show(part[end:])

    def _is_text(self, marker: re.Match[str], numbers: list[int]) -> bool:
        """`a[7]` is an index and `[0, 1]` a range, where no such passage was given."""
        if self._numbers.intersection(numbers) and 0 not in numbers:
            return False
        behind_word = not marker[1] and self._last.isalnum()
        return behind_word or (len(numbers) > 1 and 0 in numbers)

    def _show(self, text: str) -> None:
        self._shown.append(text)
        self._length += len(text)
        self._last = text[-1:] or self._last


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
