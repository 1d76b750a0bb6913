"""An answer's tree as HTML: elements and attributes of one list alone, all else escaped. Pure."""

from collections.abc import Callable, Sequence
from typing import Protocol

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chatbot_saas.web.markdown.blocks import parse
from chatbot_saas.web.markdown.inline import Cited, Node, mark, unmark

_ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("li", "strong", "em", "br", "hr"), frozenset[str]()),
    **dict.fromkeys(("table", "thead", "tbody", "tr", "th", "td"), frozenset[str]()),
    **dict.fromkeys(("ul", "blockquote", "code", "small"), frozenset({"dir"})),
    "p": frozenset({"class", "dir"}),
    "a": frozenset({"dir", "href", "target", "rel"}),
    "div": frozenset({"dir", "class", "role", "tabindex", "aria-label"}),
    "ol": frozenset({"dir", "start"}),
    "pre": frozenset({"tabindex", "dir"}),
}
_EMPTY = frozenset({"br", "hr"})
# Characters that are read: more than any answer has.
_LONGEST = 200_000
Chip = Callable[[int], SafeString]


class Quoted(Cited, Protocol):
    """A citation as a chip shows it."""

    @property
    def title(self) -> str: ...
    @property
    def supported(self) -> bool: ...


def quote_id(citation: Cited, answer: str) -> str:
    """The id of a citation's quote on a page; `answer` is of the answer."""
    place = "" if citation.marker is None else f"-{citation.marker}"
    return f"quote-{answer}-{citation.n}{place}"


def answer_html(text: str, citations: Sequence[Quoted] = (), answer: str = "") -> SafeString:
    """The answer, with a link to its quote in place of each citation's marker."""

    def chip(i: int) -> SafeString:
        one = citations[i]
        label = _("Source %(n)s: %(title)s") % {"n": one.n, "title": one.title}
        if not one.supported:
            label = _("%(label)s. The passage does not say this.") % {"label": label}
        return format_html(
            '<a class="{}" href="#{}" aria-label="{}">{}{}</a>',
            "cite" if one.supported else "cite doubt",
            quote_id(one, answer),
            label,
            one.n,
            "" if one.supported else "?",
        )

    written: list[str] = []
    _write(written, _read(mark(text, citations)), chip)
    return SafeString("".join(written))


def _read(text: str) -> list[Node]:
    """An answer's tree; what is beyond the longest that is read is text as it stands."""
    rest: list[Node] = [("p", {}, [unmark(text[_LONGEST:])])] if len(text) > _LONGEST else []
    return [*parse(text[:_LONGEST]), *rest]


def plain_text(text: str) -> str:
    """A statement without its Markdown.

    >>> plain_text("- Within **30 days**, see [us](https://a.example)")
    'Within 30 days, see us (a.example)'
    """
    return " ".join(_text(node) for node in _read(text))


def _text(node: Node) -> str:
    return node if isinstance(node, str) else "".join(_text(child) for child in node[2])


def _write(written: list[str], tree: Sequence[Node], chip: Chip) -> None:
    for node in tree:
        if isinstance(node, str):
            written.append(escape(node))
            continue
        tag, attributes, children = node
        if tag == "button":
            written.append(chip(int(attributes["data-n"])))
            continue
        if tag == "h3":
            # The headings of the page are its own.
            tag, attributes = "p", {**attributes, "class": "heading"}
        written.append(f"<{tag}")
        for name, value in attributes.items():
            if name in _ALLOWED[tag]:
                written.append(f' {name}="{escape(value)}"')
        written.append(">")
        if tag not in _EMPTY:
            _write(written, children, chip)
            written.append(f"</{tag}>")
