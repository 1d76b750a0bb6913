"""What stands within a line of an answer: emphasis, code, links, and the signs of its citations. Pure."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from chatbot_saas.web.markdown.links import where

# A text, or (tag, attributes, children).
Node: TypeAlias = "str | tuple[str, dict[str, str], list[Node]]"

DEEPEST = 5
_INLINE = re.compile(
    r"(?P<ticks>`{1,3})(?P<code>[^`]{1,2000}+)(?P=ticks)"
    r"|(?:\*\*|__)(?=\S)(?P<bold>(?:[^*_]|[*_](?![*_])){1,2000})(?:\*\*|__)"
    r"|(?<![A-Za-z0-9_*])[*_](?=\S)(?P<italic>[^*_\n]{1,500})[*_](?![A-Za-z0-9_])"
    r"|(?P<image>!?)\[(?P<label>[^\]\n]{0,300}+)\]\("
    r"(?P<target>[^()\s]{0,1000}(?:\([^()\s]{0,200}\))?[^()\s]{0,500})(?:\s[^)\n]{0,200})?\)"
    "|\ue000(?P<chip>[0-9]+):[0-9]+\ue001"
    "|(?P<bare>https?://(?:[^\\s<>\"'`()\\]\ue000]|\\([^\\s<>\"'`()\\]]{0,200}\\)){0,1000}"
    "(?:[^\\s<>\"'`()\\]\ue000.,;:!?]|\\([^\\s<>\"'`()\\]]{0,200}\\)))"
    r"|(?<![A-Za-z0-9_.+@-])(?P<mail>[A-Za-z0-9_.+-]{1,64}@(?:[A-Za-z0-9_-]{1,63}\.){1,8}"
    r"[a-zA-Z]{2,24})(?![A-Za-z0-9_@-])"
    r"|\\(?P<sign>[\\`*_{}\[\]()#+.!~|>-])"
)
_CHIP = re.compile("\ue000[0-9]+:([0-9]+)\ue001")
_MARKER = re.compile(r"\[([0-9]{1,3})\]")
_ESCAPED = re.compile(r"\\([()_*])")
_SCHEME = re.compile(r"https?://")
_AFTER_HOST = re.compile(r"[/?#]")


class Cited(Protocol):
    """A citation as far as its marker is concerned."""

    @property
    def n(self) -> int: ...
    @property
    def marker(self) -> int | None: ...


def mark(text: str, citations: Sequence[Cited]) -> str:
    """The text with a sign in place of each marker that leads to a quote: which of the citations it is.
    One without a place, of an earlier release, stands for each of its numbers."""
    points = [*text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")]
    unplaced = {one.n: i for i, one in reversed([*enumerate(citations)]) if one.marker is None}
    for i, one in enumerate(citations):
        at = one.marker
        if at is not None and at < len(points) and points[at] == "[":
            digits = len(f"{one.n}]")
            points[at : at + digits + 1] = [f"\ue000{i}:{one.n}\ue001", *[""] * digits]

    def sign(found: "re.Match[str]") -> str:
        i = unplaced.get(int(found[1]))
        return found[0] if i is None else f"\ue000{i}:{citations[i].n}\ue001"

    return _MARKER.sub(sign, "".join(points))


def unmark(text: str) -> str:
    return _CHIP.sub(r"[\1]", text)


def inline(text: str, depth: int = 0) -> list[Node]:
    nodes: list[Node] = []
    at = 0
    for found in _INLINE.finditer(text):
        _say(nodes, text[at : found.start()])
        at = found.end()
        _add(nodes, found, depth)
    _say(nodes, text[at:])
    return nodes


def _say(nodes: list[Node], part: str) -> None:
    for i, line in enumerate(unmark(part).split("\n")):
        if i:
            nodes.append(("br", {}, []))
        if line and nodes and isinstance(nodes[-1], str):
            nodes[-1] += line
        elif line:
            nodes.append(line)


def _add(nodes: list[Node], found: "re.Match[str]", depth: int) -> None:
    part = found.groupdict()
    if part["code"]:
        nodes.append(("code", {}, [unmark(part["code"])]))
    elif part["bold"]:
        nodes.append(("strong", {}, _inside(part["bold"], depth)))
    elif part["italic"]:
        nodes.append(("em", {}, _inside(part["italic"], depth)))
    elif part["chip"]:
        nodes.append(("button", {"data-n": part["chip"]}, []))
    elif part["sign"]:
        _say(nodes, part["sign"])
    elif part["image"]:
        _say(nodes, part["label"])
    else:
        _link(nodes, found)


def _inside(part: str, depth: int) -> list[Node]:
    return inline(part, depth + 1) if depth < DEEPEST else [part]


def _link(nodes: list[Node], found: "re.Match[str]") -> None:
    target, bare, mail = found["target"], found["bare"], found["mail"]
    href = f"mailto:{mail}" if mail else bare or _ESCAPED.sub(r"\1", target or "")
    label = mail if found["label"] is None else found["label"]
    place = where(href)
    if place is None:
        _say(nodes, found[0] if label is None else label)
    else:
        nodes.append(_anchor(href, label, *place))


def _anchor(href: str, label: str | None, host: str, path: str) -> Node:
    """A link says where it leads: behind a label that does not begin with its host, the host is named,
    and behind one that is not the address or the number, that is."""
    shown = unmark(label or (href if host else path))
    said = shown.strip().lower()
    if host:
        names = _AFTER_HOST.split(_SCHEME.sub("", said, count=1))[0] == host
    else:
        names = "".join(said.split()) == path.lower()
    small: list[Node] = [] if names else [("small", {"dir": "ltr"}, [f" ({host or path})"])]
    attributes = {"href": href, "target": "_blank", "rel": "noopener noreferrer nofollow"}
    return ("a", attributes, [shown, *small])
