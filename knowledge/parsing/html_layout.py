"""What of a page is its own text and what stands around it; which tables hold data."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

_HEADS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt"})
_AROUND = frozenset({"header", "footer", "aside"})
_CONTROLS = frozenset({"label", "legend", "button", "select", "textarea", "datalist", "output"})
# A form with as much text beside its fields is a page of a system that puts each of its pages into one.
_MIN_FORM = 60
# A cell with more than that is a part of the page, and its table a way to place it.
_MAX_CELL = 1_000


@dataclass(slots=True)
class _Open:
    """An element that has not ended: the characters in it, its cells, and what it holds."""

    node: LexborNode
    start: int
    cells: int = 0
    is_layout: bool = False


class Layout:
    """Found in one walk, whatever is nested in what.

    `around`: elements beside the text that is the page's own. `tables`: those that place parts of it.
    """

    def __init__(self, root: LexborNode) -> None:
        self.around: set[int] = set()
        self.tables: set[int] = set()
        self._beside: list[int] = []
        self._has_main = False
        self._characters = self._mains = self._controls = self._heads = 0
        self._tables: list[_Open] = []
        self._cells: list[int] = []
        self._forms: list[_Open] = []
        for node, entering in walk(root, ()):
            name = node.tag or ""
            if name == "-text":
                if entering and not self._controls:
                    self._characters += len((node.text_content or "").strip())
            elif entering:
                self._enter(node, name)
            else:
                self._leave(node, name)
        if self._has_main:
            self.around.update(self._beside)

    def _enter(self, node: LexborNode, name: str) -> None:
        if name == "main":
            self._has_main = True
            self._mains += 1
        elif name in _AROUND and not self._mains:
            self._beside.append(node.mem_id)
        elif name == "form":
            self._forms.append(_Open(node, self._characters))
        elif name in _CONTROLS:
            self._controls += 1
            # A question that opens its answer is a button, and heads it.
            if self._forms and not self._heads:
                self.around.add(node.mem_id)
        elif name == "table" or name in _HEADS:
            self._heads += name in _HEADS
            if self._tables:
                self._tables[-1].is_layout = True
            if name == "table":
                placed = node.attributes.get("role") in ("presentation", "none")
                self._tables.append(_Open(node, self._characters, is_layout=placed))
        elif name in ("td", "th"):
            self._cells.append(self._characters)

    def _leave(self, node: LexborNode, name: str) -> None:
        if name == "main":
            self._mains -= 1
        elif name == "form" and self._forms:
            form = self._forms.pop()
            if self._characters - form.start < _MIN_FORM:
                self.around.add(node.mem_id)
        elif name in _HEADS:
            self._heads -= 1
        elif name in _CONTROLS:
            self._controls -= 1
        elif name in ("td", "th") and self._cells:
            start = self._cells.pop()
            if self._tables:
                self._tables[-1].cells += 1
                if self._characters - start > _MAX_CELL:
                    self._tables[-1].is_layout = True
        elif name == "table" and self._tables:
            table = self._tables.pop()
            if table.is_layout or table.cells < 2:
                self.tables.add(node.mem_id)


def walk(root: LexborNode, hidden: Collection[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Every node that is not hidden, on the way in (True) and out (False), without recursion: pages
    nest deeply."""
    node: LexborNode | None = root
    while node is not None:
        if node.mem_id not in hidden:
            yield node, True
            if node.child is not None:
                node = node.child
                continue
        while node is not None:
            if node.mem_id not in hidden:
                yield node, False
            # Not ==, which compares the markup of both.
            if node.mem_id == root.mem_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent
