"""Tables of HTML pages, and the pieces of text that blocks and cells are made of."""

import re

from selectolax.lexbor import LexborNode

from knowledge.parsing.grid import Cell, Grid
from knowledge.parsing.invisible import remove_invisible

INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span "
        "strong sub sup time tt u var wbr",
    )
)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def clean(text: str) -> str:
    return _SPACE.sub(" ", remove_invisible(text)).strip()


class Line:
    """Pieces of one block's text. Looking at the whole at each piece takes time with its square."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.has_words = False

    def add(self, piece: str) -> None:
        self.has_words = self.has_words or not (piece.isspace() or not piece)
        self._pieces.append(piece)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self.has_words = [], False
        return text


class Table:
    """A table while it is walked through: `lines` are its caption and its rows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._grid = Grid()
        self._cells: list[Cell] = []
        self._text = Line()

    def take(self, node: LexborNode, name: str, entering: bool) -> None:
        if name == "-text":
            self._text.add((node.text_content or "") if entering else "")
        elif name in ("td", "th"):
            text = clean(self._text.take()).replace(" ; ", "; ")
            if not entering:
                across, down = _span(node, "colspan"), _span(node, "rowspan")
                self._cells.append(Cell(text, across, down, is_name=name == "th"))
        elif name == "tr" and not entering:
            self.lines += self._grid.lines(self._cells)
            self._cells = []
        elif name == "caption" and not entering:
            self.lines += filter(None, [clean(self._text.take())])
        elif name not in INLINE:
            items = name == "li" and entering and self._text.has_words
            self._text.add("; " if items else " ")


def _span(node: LexborNode, name: str) -> int:
    """0 reaches to the table's end."""
    value = (node.attributes.get(name) or "1").strip()[:6]
    number = int(value) if value.isascii() and value.isdigit() else 1
    return number or 65_534
