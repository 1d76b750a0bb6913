"""Rows of a table → lines in which every value stands under its own column. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

# A wider or longer cell is a layout, or made to eat memory.
MAX_ACROSS, MAX_DOWN, _MAX_REPEATED = 60, 2_000, 200


@dataclass(frozen=True, slots=True)
class Cell:
    """`across` columns and `down` rows; `text` is None for one that the cell above reaches into."""

    text: str | None
    across: int = 1
    down: int = 1
    is_name: bool = False


class Grid:
    """One table, read from top to bottom.

    A line is `a | b`, as in Markdown; one with a hole at its edge is `| | a | b |`, for a reader would
    take the hole for the edge. A cell that several rows or columns share is said in each.
    """

    def __init__(self) -> None:
        # By column: what reaches down from above, and into how many rows more.
        self._hanging: dict[int, tuple[str, int]] = {}
        self._above: dict[int, str] = {}
        self._is_first = True

    def lines(self, cells: Sequence[Cell]) -> list[str]:
        """The row's line, and a rule below it when it names the columns. None of nothing."""
        row = self._place(cells)
        texts = [cell.text for cell in cells if cell.text]
        # A first cell that reaches down is said again above a row that holds nothing itself.
        if not texts:
            return []
        named = self._is_first and len(row) > 1 and all(cell.is_name for cell in cells)
        self._is_first = False
        # What stretches over the whole table heads the rows below it.
        if len(cells) == 1 and len(set(row)) == 1:
            return [texts[0]]
        line = _joined(row)
        return [line, " | ".join(["---"] * len(row))] if named else [line]

    def _place(self, cells: Sequence[Cell]) -> list[str]:
        row: list[str] = []
        for cell in cells:
            self._take_hanging(row)
            text = self._above.get(len(row), "") if cell.text is None else cell.text
            across = max(1, min(cell.across, MAX_ACROSS))
            repeated = text if len(text) <= _MAX_REPEATED else ""
            if cell.down > 1:
                for column in range(len(row), len(row) + across):
                    self._hanging[column] = (repeated, min(cell.down, MAX_DOWN))
            # Beyond, each is said once: a row may be as long as it was written.
            row += [text, *[repeated] * (across - 1 if len(row) < MAX_ACROSS else 0)]
        self._take_hanging(row)
        self._hanging = {at: (text, n - 1) for at, (text, n) in self._hanging.items() if n > 1}
        self._above = {at: text for at, text in enumerate(row) if len(text) <= _MAX_REPEATED}
        return row

    def _take_hanging(self, row: list[str]) -> None:
        while len(row) in self._hanging:
            row.append(self._hanging[len(row)][0])


def _joined(row: list[str]) -> str:
    texts = [" ".join(text.split()).replace("|", "\\|") for text in row]
    line = " | ".join(texts)
    return line if texts[0] and texts[-1] else f"| {line} |"
