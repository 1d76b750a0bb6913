"""HTML by lexbor: what a reader sees, under its headings."""

import codecs
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.parsing.base import Headings, Parsed, Part, join_parts
from knowledge.parsing.decoding import decode
from knowledge.parsing.invisible import remove_invisible

_CHARSET = re.compile(rb"""<meta[^>]+charset=["']?([\w-]+)""", re.I)
_UNSEEN = (
    "script, style, noscript, template, head, svg, math, iframe, object, nav, form, dialog, "
    "[hidden], [aria-hidden=true], [style*='display:none' i], [style*='display: none' i], "
    "[style*='visibility:hidden' i], [style*='visibility: hidden' i]"
)
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q s samp small span "
        "strong sub sup time tt u var wbr",
    )
)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def parse_html(data: bytes) -> Parsed:
    tree = LexborHTMLParser(_decoded(data))
    title_node = tree.css_first("title")
    title = _clean(title_node.text()) if title_node else ""
    for node in tree.css(_UNSEEN):
        node.decompose()
    root = tree.css_first("main") or tree.body or tree.root
    return join_parts(_parts(root) if root else (), title=title)


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


def _parts(root: LexborNode) -> Iterator[Part]:
    headings = Headings([])
    for tag, text in _lines(root):
        if tag[0] == "h" and tag[1:].isdigit():
            headings.enter(int(tag[1:]), text)
        yield Part(text, headings.path)


def _lines(root: LexborNode) -> Iterator[tuple[str, str]]:
    """(tag, text) of each block of text, in reading order; a table's row is one line."""
    tag, gathered = root.tag or "", ""
    for node, entering in _walk(root):
        name = node.tag or ""
        if name == "-text":
            gathered += (node.text_content or "") if entering else ""
        elif name in ("td", "th"):
            gathered += " | " if entering and gathered.strip() else ""
        elif name not in _INLINE and not _in_row(node):
            if text := _clean(gathered):
                yield tag, text
            gathered, tag = "", name if entering else ""
            tag = tag or "p"
    if text := _clean(gathered):
        yield tag or "p", text


def _in_row(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and parent.tag in ("td", "th")


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node on the way in (True) and out (False), without recursion: pages nest deeply."""
    node: LexborNode | None = root
    while node is not None:
        yield node, True
        if node.child is not None:
            node = node.child
            continue
        while node is not None:
            yield node, False
            # Not ==, which compares the markup of both.
            if node.mem_id == root.mem_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent
