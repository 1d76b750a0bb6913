"""HTML by lexbor: what a reader sees, under its headings."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from knowledge.parsing.base import Headings, Parsed, ParseError, Part, join_parts
from knowledge.parsing.decoding import decode
from knowledge.parsing.invisible import remove_invisible
from knowledge.parsing.unseen import hides, hiding_selectors, is_white

_CHARSET = re.compile(rb"""<meta[^>]+charset=["']?([\w-]+)""", re.I)
_UNSEEN = (
    "script, style, noscript, template, head, svg, math, iframe, object, nav, form, dialog, "
    "audio, video, canvas, datalist, [hidden], [aria-hidden=true]"
)
# Rules of a page's own style sheets that are followed.
_MAX_RULES, _MAX_SELECTOR = 200, 200
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span "
        "strong sub sup time tt u var wbr",
    )
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
MAX_TAGS = 600_000
_SPACE = re.compile(r"[ \t\r\n\f]+")


def parse_html(data: bytes) -> Parsed:
    # The tree takes up to 400 bytes for what two bytes of a page can make.
    if data.count(b"<") > MAX_TAGS or data.count(b"=") > 2 * MAX_TAGS:
        raise ParseError("too_hungry")
    tree = LexborHTMLParser(_decoded(data))
    title_node = tree.css_first("title")
    title = _clean(title_node.text()) if title_node else ""
    root = tree.css_first("main") or tree.body or tree.root
    return join_parts(_parts(root, _hidden(tree)) if root else (), title=title)


def _hidden(tree: LexborHTMLParser) -> set[int]:
    """The elements that a reader does not see. Noted and not removed: one may stand in another."""
    hidden = {node.mem_id for node in tree.css(_UNSEEN)}
    styled = tree.css("[style]")
    hidden.update(node.mem_id for node in styled if hides(node.attributes["style"] or ""))
    # White text is seen on a ground that the page sets anywhere else.
    if not tree.css_first("style, link, [class], [bgcolor], [background], [style*=background]"):
        white = (node for node in styled if is_white(node.attributes["style"] or ""))
        hidden.update(node.mem_id for node in white)
        old = tree.css("font[color='#ffffff' i], font[color='#fff' i], font[color='white' i]")
        hidden.update(node.mem_id for node in old)
    sheets = (node.text() for node in tree.css("style"))
    rules = (selector for sheet in sheets for selector in hiding_selectors(sheet))
    for selector in islice(rules, _MAX_RULES):
        with suppress(SelectolaxError):
            hidden.update(node.mem_id for node in tree.css(selector[:_MAX_SELECTOR]))
    return hidden


def _decoded(data: bytes) -> str:
    match = _CHARSET.search(data[:2048])
    if match and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode(match[1].decode())
        except (LookupError, UnicodeDecodeError):
            pass  # A page that names the wrong encoding is read like one that names none.
    return decode(data)


def _clean(text: str) -> str:
    return _SPACE.sub(" ", remove_invisible(text)).strip()


def _parts(root: LexborNode, hidden: set[int]) -> Iterator[Part]:
    headings = Headings([])
    for tag, text in _lines(root, hidden):
        if tag in _HEADINGS:
            headings.enter(int(tag[1:]), text)
        yield Part(text, headings.path)


def _lines(root: LexborNode, hidden: set[int]) -> Iterator[tuple[str, str]]:
    """(tag, text) of each block of text, in reading order; a table's row is one line."""
    tag, gathered = root.tag or "", Line()
    for node, entering in _walk(root, hidden):
        name = node.tag or ""
        if name == "-text":
            gathered.add((node.text_content or "") if entering else "")
        elif name in ("td", "th"):
            gathered.add(" | " if entering and gathered.has_words else "")
        elif name not in _INLINE and not _in_row(node):
            if text := _clean(gathered.take()):
                yield tag, text
            tag = name if entering and name else "p"
    if text := _clean(gathered.take()):
        yield tag or "p", text


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


def _in_row(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag in ("td", "th")


def _walk(root: LexborNode, hidden: set[int]) -> Iterator[tuple[LexborNode, bool]]:
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
