"""What a page's or a text's markup hides from its reader: a place for notes that were never meant to
be told, and for instructions to whoever reads along. Pure, and linear in any text."""

import re
import string
from collections.abc import Iterator

_NUMBER = re.compile(r"-?\d{0,9}\.?\d{0,9}")
_TAG_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SEEN = re.compile(r"[^\r\n]")
# Smaller than a pixel or two is a dot; further out than this nobody scrolls.
_MIN_PIXELS, _FAR_OUT = 2.0, -900.0
_WHITE = frozenset({"white", "#fff", "#ffffff", "rgb(255,255,255)"})
_MAX_TAG = 2_000
_COMMENTS = (("<!--", "-->"), ("<![cdata[", "]]>"), ("<?", "?>"), ("<!", ">"))
_UNSEEN_TAGS = frozenset("script style template noscript head title svg iframe object".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def hides(style: str) -> bool:
    """Whether these declarations of CSS leave nothing to see of an element's text.

    >>> hides("color: red; DISPLAY : none !important"), hides("font-size:0px"), hides("opacity: 0.9")
    (True, True, False)
    """
    said = declarations(style)
    if said.get("display") == "none" or said.get("visibility") in ("hidden", "collapse"):
        return True
    if said.get("content-visibility") == "hidden" or said.get("clip", "").startswith("rect(0"):
        return True
    if _is_below(said.get("opacity"), 0.05) or _is_below(said.get("font-size"), _MIN_PIXELS):
        return True
    if any(_is_below(said.get(name), _FAR_OUT) for name in ("left", "top", "text-indent")):
        return True
    flat = any(_is_below(said.get(name), _MIN_PIXELS) for name in ("height", "max-height", "width"))
    if flat and said.get("overflow") in ("hidden", "clip"):
        return True
    colour = said.get("color")
    ground = said.get("background-color", said.get("background"))
    return "scale(0)" in said.get("transform", "") or (colour is not None and colour == ground)


def is_white(style: str) -> bool:
    """Whether text is white on a ground of which this style says nothing."""
    said = declarations(style)
    return said.get("color") in _WHITE and not any(name.startswith("background") for name in said)


def declarations(style: str) -> dict[str, str]:
    """Names and values in lower case, without blanks and priorities."""
    found = {}
    for declaration in style.lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = "".join(value.split()).removesuffix("!important")
    return found


def hiding_selectors(sheet: str) -> Iterator[str]:
    """Selectors of the rules in a style sheet that hide what they select, at-rules left out."""
    for rule in _without(sheet, "/*", "*/").split("}"):
        selector, brace, style = rule.partition("{")
        # What is hidden on small screens or under a pointer is seen at other times.
        if (
            brace
            and "@" not in selector
            and ":" not in selector
            and "{" not in style
            and hides(style)
        ):
            yield selector.strip()


def _without(text: str, opening: str, closing: str) -> str:
    kept, rest = "", text
    pieces = []
    while opening in rest:
        kept, _, rest = rest.partition(opening)
        pieces.append(kept)
        rest = rest.partition(closing)[2]
        if len(pieces) > 1_000:
            return ""
    return " ".join([*pieces, rest])


def _is_below(value: str | None, limit: float) -> bool:
    number = _NUMBER.match(value or "")
    if number is None or not any(character.isdigit() for character in number[0]):
        return False
    unit = (value or "")[number.end() :]
    # Shares of something and multiples of a letter's height are small numbers all the same.
    scale = 16.0 if unit in ("em", "rem") else 0.16 if unit == "%" else 1.0
    return float(number[0]) * scale < limit


def blank_unseen(text: str) -> str:
    """Markdown with a space for each character that its reader does not see; line ends stay, and so
    do offsets. Code shows what it holds."""
    return _Markup(text).blanked()


class _Markup:
    """Reads Markdown line by line for what hides in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Only ASCII: other letters change their number when they change their case.
        self._lower = text.translate(_LOWER)
        self._spans: list[tuple[int, int]] = []
        self._unclosed: set[str] = set()

    def blanked(self) -> str:
        fence, done = "", 0
        for line in _LINE.finditer(self._text):
            if line.end() <= done or not line[0]:
                continue
            start = max(done, line.start())
            mark = _FENCE.match(line[0]) if start == line.start() else None
            if mark and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1]
            elif not fence and _is_definition(line[0].strip()):
                self._spans.append((start, line.end()))
            elif not fence:
                done = self._scan(start, line.start(), line.end())
        pieces, at = [], 0
        for begin, end in self._spans:
            pieces += [self._text[at:begin], _SEEN.sub(" ", self._text[begin:end])]
            at = end
        return "".join([*pieces, self._text[at:]])

    def _scan(self, at: int, line_start: int, line_end: int) -> int:
        """Notes what hides from here to the line's end, or beyond it; returns how far it went."""
        code = False
        seen = at
        while (at := self._text.find("<", at, line_end)) >= 0:
            code ^= self._text.count("`", seen, at) % 2 == 1
            seen = at
            end = at if code else self._hidden_until(at, line_start)
            if end > at:
                self._spans.append((at, end))
            at = seen = max(end, at + 1)
            if at >= line_end:
                return at
        return line_end

    def _hidden_until(self, at: int, line_start: int) -> int:
        """Where ends what begins here and is hidden; `at` itself where nothing is."""
        for opening, closing in _COMMENTS:
            if self._lower.startswith(opening, at):
                end = self._find(closing, at + len(opening))
                if end >= 0:
                    return end + len(closing)
                # Without an end it hides the rest where it begins a line, and is text elsewhere.
                begins = at - line_start <= 3 and not self._text[line_start:at].strip()
                return len(self._text) if begins and opening != "<!" else at
        name = _TAG_NAME.match(self._lower, at + 1)
        if name is None:
            return at
        close = self._text.find(">", at, at + _MAX_TAG)
        if close < 0 or not _is_hidden(name[0], self._text[name.end() : close]):
            return at
        return self._end_of(name[0], close + 1)

    def _end_of(self, name: str, at: int) -> int:
        """Behind the tag that closes the element, or the text's end."""
        depth = 1
        while depth:
            closing = self._find(f"</{name}", at)
            if closing < 0:
                return len(self._text)
            depth += self._opened(name, at, closing)
            at = closing + len(name) + 2
            depth -= self._ends_name(at)
        end = self._text.find(">", at)
        return len(self._text) if end < 0 else end + 1

    def _opened(self, name: str, at: int, end: int) -> int:
        opened = 0
        while (at := self._lower.find(f"<{name}", at, end)) >= 0:
            at += len(name) + 1
            opened += self._ends_name(at)
        return opened

    def _ends_name(self, at: int) -> bool:
        """`<b` begins `<br>` as well."""
        following = self._lower[at : at + 1]
        return not (following.isalnum() or following == "-")

    def _find(self, closing: str, at: int) -> int:
        """Looked for once where there is none: else each opening would read the whole rest."""
        if closing in self._unclosed:
            return -1
        found = self._lower.find(closing, at)
        if found < 0:
            self._unclosed.add(closing)
        return found


def _is_hidden(name: str, attributes: str) -> bool:
    if name in _UNSEEN_TAGS:
        return True
    if name in _VOID or attributes.endswith("/"):
        return False
    lower = attributes.lower()
    words = lower.replace("=", " = ").split()
    if "hidden" in words and '"hidden' not in lower:
        return True
    _, found, rest = lower.partition("style")
    value = rest.lstrip(" =")
    quote = value[:1]
    style = value[1:].partition(quote)[0] if quote in ("'", '"') and quote else value.split(" ")[0]
    return bool(found) and hides(style)


def _is_definition(line: str) -> bool:
    """`[label]: address "title"`, which a reader never sees; comments are written like it."""
    if not line.startswith("[") or line.startswith("[^"):
        return False
    label, found, rest = line.partition("]:")
    address, _, title = rest.strip().partition(" ")
    title = title.strip()
    quoted = not title or title[0] + title[-1] in ('""', "''", "()")
    return bool(found and len(label) < 1_000 and "[" not in label[1:] and address and quoted)
