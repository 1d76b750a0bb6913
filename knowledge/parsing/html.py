"""HTML by lexbor: what a reader sees, under its headings."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from knowledge.parsing.base import Headings, Parsed, ParseError, Part, join_parts
from knowledge.parsing.decoding import decode
from knowledge.parsing.html_layout import Layout, walk
from knowledge.parsing.html_tables import INLINE, Line, Table, clean
from knowledge.parsing.unseen import hides, hiding_selectors, is_white

_CHARSET = re.compile(rb"""<meta[^>]+charset=\s*["']?\s*([\w:-]+)""", re.I | re.A)
_HEAD = 4096
_UNSEEN = (
    "script, style, noscript, template, head, svg, math, iframe, object, nav, dialog, "
    "audio, video, canvas, datalist, [hidden], [aria-hidden=true]"
)
# Rules of a page's own style sheets that are followed.
_MAX_RULES, _MAX_SELECTOR = 200, 200
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
MAX_TAGS = 600_000


def parse_html(data: bytes) -> Parsed:
    # The tree takes up to 400 bytes for what two bytes of a page can make.
    if data.count(b"<") > MAX_TAGS or data.count(b"=") > 2 * MAX_TAGS:
        raise ParseError("too_hungry")
    tree = LexborHTMLParser(_decoded(data))
    title_node = tree.css_first("title")
    title = clean(title_node.text()) if title_node else ""
    root = tree.body or tree.root
    if root is None:
        return join_parts((), title=title)
    layout = Layout(root)
    return join_parts(_parts(root, _hidden(tree) | layout.around, layout.tables), title=title)


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
    match = _CHARSET.search(data[:_HEAD])
    return decode(data, match[1].decode() if match else "")


def _parts(root: LexborNode, hidden: set[int], layout: set[int]) -> Iterator[Part]:
    headings = Headings([])
    for tag, text in _lines(root, hidden, layout):
        if tag in _HEADINGS:
            headings.enter(int(tag[1:]), text)
        yield Part(text, headings.path)


def _lines(root: LexborNode, hidden: set[int], layout: set[int]) -> Iterator[tuple[str, str]]:
    """(tag, text) of each block of text, in reading order; a table is one, with a line for each row."""
    tag, gathered = root.tag or "", Line()
    table: Table | None = None
    for node, entering in walk(root, hidden):
        name = node.tag or ""
        if table is not None:
            table.take(node, name, entering)
            if name == "table":
                yield name, "\n".join(table.lines)
                table = None
        elif name == "-text":
            gathered.add((node.text_content or "") if entering else "")
        elif name not in INLINE:
            if text := clean(gathered.take()):
                yield tag, text
            tag = name if entering and name else "p"
            if name == "table" and entering and node.mem_id not in layout:
                table = Table()
    if text := clean(gathered.take()):
        yield tag or "p", text
