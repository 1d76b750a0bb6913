"""An answer's tree as HTML: elements and attributes of one list alone, all else escaped. Pure."""

from collections.abc import Callable, Sequence
from typing import Protocol

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chatbot_saas.web.markdown.blocks import parse
from chatbot_saas.web.markdown.inline import Cited, Node, mark

_ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("p", "ul", "li", "blockquote", "strong", "em", "code"), frozenset[str]()),
    **dict.fromkeys(("table", "thead", "tbody", "tr", "th", "td"), frozenset[str]()),
    "a": frozenset({"href", "target", "rel"}),
    "div": frozenset({"class", "tabindex"}),
    "ol": frozenset({"start"}),
    "pre": frozenset({"tabindex", "dir"}),
    "small": frozenset({"dir"}),
}
_LINE, _RULE = mark_safe("<br>"), mark_safe("<hr>")
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

    return _written(parse(mark(text, citations)), chip)


def plain_text(text: str) -> str:
    """A statement without its Markdown.

    >>> plain_text("- Within **30 days**, see [us](https://a.example)")
    'Within 30 days, see us (a.example)'
    """
    return " ".join(_text(node) for node in parse(text))


def _text(node: Node) -> str:
    return node if isinstance(node, str) else "".join(_text(child) for child in node[2])


def _written(tree: Sequence[Node], chip: Chip) -> SafeString:
    return format_html_join("", "{}", ((_node(node, chip),) for node in tree))


def _node(node: Node, chip: Chip) -> str:
    if isinstance(node, str):
        return node
    tag, attributes, children = node
    if tag == "button":
        return chip(int(attributes["data-n"]))
    if tag in ("br", "hr"):
        return _LINE if tag == "br" else _RULE
    inside = _written(children, chip)
    if tag == "h3":
        # The headings of the page are its own.
        return format_html('<p class="heading">{}</p>', inside)
    shown = [(name, attributes[name]) for name in attributes if name in _ALLOWED[tag]]
    return format_html("<{0}{1}>{2}</{0}>", tag, format_html_join("", ' {}="{}"', shown), inside)
