"""What stands within a line of an answer: emphasis, code, links, and the signs of its citations. Pure."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from chatbot_saas.web.markdown.blanks import BLANK, BLANKS
from chatbot_saas.web.markdown.links import where

# A text, or (tag, attributes, children).
Node: TypeAlias = "str | tuple[str, dict[str, str], list[Node]]"

DEEPEST = 5
# Each block goes the way of its own language.
AUTO = {"dir": "auto"}

# The widget's expressions, in its order. `\w` is its `[\p{L}\p{N}_]`, and its `\w` the class `_ASCII`.
_ASCII = "A-Za-z0-9_"
_ADDRESS = (
    rf"(?:[^{BLANK}<>\"`()\[\]" + "\ue000’”»。，、；：！？）」』】》،؛؟]"
    rf"|\([^{BLANK}<>\"`()\ue000]{{0,200}}+\)){{0,1000}}(?<![.,;:!?*_~'])"
)
_INLINE = re.compile(
    "|".join(
        (
            r"(?<!`)(?P<ticks>`{1,3}+)(?!`)(?P<code>(?s:.){1,2000}?)(?<!`)(?P=ticks)(?!`)",
            rf"(?<!\*)\*\*(?=[^{BLANK}])(?P<strong>(?:[^*]|\*(?!\*(?!\*))){{1,2000}})\*\*(?!\*)",
            rf"(?<!\w)__(?=[^{BLANK}])(?P<bold>(?:[^_]|_(?!_(?!_))){{1,2000}})__(?!\w)",
            rf"(?<![{_ASCII}*])\*(?=[^{BLANK}])(?P<em>[^*\n]{{1,500}})(?<![{BLANK}])\*(?![{_ASCII}])",
            rf"(?<!\w)_(?=[^{BLANK}])(?P<italic>(?:[^_\n]|(?<=[^\W_])_(?=[^\W_])){{1,500}})"
            rf"(?<![{BLANK}])_(?!\w)",
            rf"(?P<image>!?)\[(?P<label>[^\[\]\n]{{0,300}}+)\]\("
            rf"(?P<target>(?:[^(){BLANK}]|\([^(){BLANK}]{{0,200}}+\)){{0,1000}})"
            rf"(?:[{BLANK}][^)\n]{{0,200}}+)?\)",
            "\ue000(?P<chip>[0-9]+):[0-9]+\ue001",
            rf"<?(?P<bare>(?:https?://|(?<![{_ASCII}/.@-])www\.(?=[{_ASCII}-]{{1,63}}+\.)){_ADDRESS})>?",
            rf"<?(?<![{_ASCII}.+@-])(?:mailto:)?(?P<mail>[{_ASCII}.+-]{{1,64}}+@"
            rf"(?:[{_ASCII}-]{{1,63}}+\.){{1,8}}[a-zA-Z]{{2,24}})(?![{_ASCII}@-])>?",
            rf"<?(?<![{_ASCII}])(?P<call>tel:\+?[0-9][0-9().-]{{1,40}}[0-9])>?",
            r"\\(?P<sign>[\\`*_{}\[\]()#+.!~|>-])",
        )
    )
)
_BLANK = re.compile(f"[{BLANK}]")
_CHIP = re.compile("\ue000[0-9]+:([0-9]+)\ue001")
_MARKER = re.compile(r"\[([0-9]{1,3})\]")
_ESCAPED = re.compile(r"\\([()_*])")
_WWW = re.compile(r"www\.", re.IGNORECASE)
_MARKS = re.compile("(`{1,3}|\\*\\*?|__)([^\n\r\u2028\u2029]{1,300}?)\\1")
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


def plain(text: str) -> str:
    """Without the marks of bold, italics and code."""
    return _MARKS.sub(r"\2", unmark(text))


def inline(text: str, depth: int = 0) -> list[Node]:
    nodes: list[Node] = []
    at = 0
    for found in _INLINE.finditer(text):
        start, end = found.span()
        if link := _link(found.groupdict()):
            # Of angle brackets both are the address's own, or none.
            opens, closes = text[start] == "<", text[end - 1] == ">"
            if found["label"] is None and opens != closes:
                start, end = start + opens, end - closes
        _say(nodes, text[at:start])
        at = end
        if link:
            nodes.append(link)
        else:
            _add(nodes, found, depth)
    _say(nodes, text[at:])
    return _joined(nodes)


def _say(nodes: list[Node], part: str) -> None:
    for i, line in enumerate(unmark(part).split("\n")):
        if i:
            nodes.append(("br", {}, []))
        if line:
            nodes.append(line)


def _joined(nodes: list[Node]) -> list[Node]:
    """Texts that stand beside each other as one."""
    found: list[Node] = []
    texts: list[str] = []
    for node in [*nodes, None]:
        if isinstance(node, str):
            texts.append(node)
            continue
        if texts:
            found.append("".join(texts))
            texts = []
        if node is not None:
            found.append(node)
    return found


def _add(nodes: list[Node], found: "re.Match[str]", depth: int) -> None:
    part = found.groupdict()
    if part["code"]:
        nodes.append(("code", {"dir": "ltr"}, [unmark(_unpadded(part["code"]))]))
    elif bold := part["strong"] or part["bold"]:
        nodes.append(("strong", {}, _inside(bold, depth)))
    elif italic := part["em"] or part["italic"]:
        nodes.append(("em", {}, _inside(italic, depth)))
    elif part["chip"]:
        nodes.append(("button", {"data-n": part["chip"]}, []))
    elif part["sign"]:
        _say(nodes, part["sign"])
    else:
        _say(nodes, found[0] if part["label"] is None else part["label"])


def _unpadded(code: str) -> str:
    """Without the blank on either side that keeps backticks apart."""
    is_padded = code.startswith(" ") and code.endswith(" ") and code.strip(BLANKS)
    return code[1:-1] if is_padded else code


def _inside(part: str, depth: int) -> list[Node]:
    return inline(part, depth + 1) if depth < DEEPEST else [unmark(part)]


def _link(part: dict[str, str | None]) -> "Node | None":
    mail, label, href = part["mail"], part["label"], part["call"]
    bare = _ESCAPED.sub(r"\1", part["bare"]) if part["bare"] else None
    if mail:
        href = f"mailto:{mail}"
    elif href is None and not part["image"]:
        href = bare or _ESCAPED.sub(r"\1", unmark(part["target"] or ""))
        href = f"https://{href}" if _WWW.match(href) else href
    place = where(href) if href else None
    if href is None or place is None:
        return None
    return _anchor(href, plain(label) if label else mail or bare, *place)


def _anchor(href: str, label: str | None, host: str, path: str) -> Node:
    """A link says where it leads: behind a label that does not begin with its host, the host is named,
    and behind one that is not the address or the number, that is."""
    shown = label or (href if host else path)
    said = shown.strip(BLANKS).lower()
    if host:
        names = _AFTER_HOST.split(_SCHEME.sub("", said, count=1))[0] == host
    else:
        names = _BLANK.sub("", said) == path.lower()
    small: list[Node] = [] if names else [("small", {"dir": "ltr"}, [f" ({host or path})"])]
    to = {"href": href, "target": "_blank", "rel": "noopener noreferrer nofollow"}
    return ("a", {**AUTO, **to}, [shown, *small])
