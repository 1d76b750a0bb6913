"""A statement with what it needs to be read alone: its list, its code, its section. Pure."""

import msgspec

from conversations.llm.offline.asked import Asked, met
from conversations.llm.offline.statements import Outline, Statement

# Items and characters of a list that are shown; a longer one says that it goes on.
_MAX_ITEMS, _MAX_LIST = 15, 1_500
_MAX_ROWS = 8
# An answer below a question is quoted whole up to so many characters, a sentence with the one before it.
_MAX_PARAGRAPH = 320
_MAX_FRAGMENT = 80
_POINTS_BACK = frozenset(
    """
    it its they their them this that these those he she his her then otherwise later both
    afterwards yes no er sie es diese dieser dieses sonst danach beide ja nein esto eso ello
    luego sí elle ils elles cela sinon oui non
    """.split()
)
_ENDS = (".", "!", "?", "…", "؟", "。", "！", "？", ":", "”", '"', "»", ")", "।")
MORE = "…"


class Whole(msgspec.Struct, frozen=True):
    """What is quoted: sentences `first` up to `last` of the outline, as `text`."""

    outline: Outline
    first: int
    last: int
    text: str

    def holds(self, other: "Whole") -> bool:
        same = self.outline.passage.n == other.outline.passage.n
        return same and self.first <= other.first and other.last <= self.last


def make_whole(statement: Statement, asked: Asked) -> Whole:
    outline, at = statement.outline, statement.at
    kind = statement.sentence.kind
    if statement.is_window:
        return Whole(outline, at, at + 1, statement.text)
    if kind == "item":
        return _item(statement, asked)
    if kind == "code":
        lead = outline.lead(at)
        return _code(outline, at if lead is None else lead, at + 1)
    if kind == "row":
        return Whole(
            outline,
            at,
            at + 1,
            _with_place(outline, at) if _needs_place(outline, at) else statement.text,
        )
    if statement.text.endswith((":", "：")) and at + 1 < len(outline.sentences):
        return _led(outline, at)
    return _sentence(statement)


def _led(outline: Outline, at: int) -> Whole:
    """A sentence that introduces what follows, with that."""
    following = outline.sentences[at + 1]
    if following.kind == "code":
        return _code(outline, at, at + 2)
    if following.kind == "item":
        first, last = outline.group(at + 1)
        return _list(outline, at, first, last)
    if following.kind == "row":
        first, last = outline.group(at + 1)
        shown = [
            each.shown for each in outline.sentences[first:last][:_MAX_ROWS] if each.kind == "row"
        ]
        text = " ".join([outline.sentences[at].shown, "; ".join(shown)])
        return Whole(outline, at, last, text)
    if following.kind == "text":
        text = f"{outline.sentences[at].shown} {following.shown}"
        return Whole(outline, at, at + 2, text[:_MAX_LIST])
    return Whole(outline, at, at + 1, outline.sentences[at].shown)


def _item(statement: Statement, asked: Asked) -> Whole:
    outline, at = statement.outline, statement.at
    first, last = outline.group(at)
    lead = outline.lead(first)
    steps = outline.number(at) > 0 and last - first > 1
    if steps or (last - first > 1 and not _meets_itself(statement, asked)):
        return _list(outline, lead, first, last)
    return Whole(outline, at, at + 1, _with_place(outline, at, lead))


def _meets_itself(statement: Statement, asked: Asked) -> bool:
    """Whether the item holds something of the question that what stands above it does not."""
    above = statement.words - statement.own_words
    return any(
        met(term, statement.own_words, frozenset(), statement.values)
        > met(term, above, frozenset(), frozenset())
        for term in asked.own
    )


def _list(outline: Outline, lead: int | None, first: int, last: int) -> Whole:
    """All items with what introduces them, steps one a line."""
    head = outline.sentences[lead].shown if lead is not None else _heading(outline, first)
    steps = outline.number(first) > 0
    lines: list[str] = []
    room = _MAX_LIST
    for at in range(first, last):
        shown = outline.sentences[at].shown
        room -= len(shown)
        if len(lines) == _MAX_ITEMS or room < 0:
            lines.append(MORE)
            break
        number = outline.number(at)
        lines.append(f"{number}. {shown}" if number else shown)
    if steps and outline.number(first) > 1:
        lines.insert(0, MORE)
    start = first if lead is None else lead
    if steps:
        return Whole(outline, start, last, "\n".join(filter(None, [head, *lines])))
    return Whole(outline, start, last, " ".join(filter(None, [head, "; ".join(lines)])))


def _code(outline: Outline, first: int, last: int) -> Whole:
    lead = [each.shown for each in outline.sentences[first : last - 1]]
    lines = [line for line in outline.sentences[last - 1].text.splitlines() if line.strip()]
    code = "\n".join(lines)[:_MAX_LIST]
    marked = code if "`" in code else f"`{code}`" if len(lines) == 1 else f"\n```\n{code}\n```\n"
    return Whole(outline, first, last, " ".join([*lead, marked]))


def make_list(outline: Outline, first: int, last: int) -> Whole:
    """All items with what introduces them."""
    return _list(outline, outline.lead(first), first, last)


def make_table(outline: Outline, first: int, last: int) -> Whole:
    """All rows, one a line, with what stands above them."""
    rows = [each.shown for each in outline.sentences[first:last] if each.kind == "row"]
    head = _heading(outline, first)
    lines = "\n".join(f"- {row}" for row in rows)
    return Whole(outline, first, last, f"{head}:\n{lines}" if head else lines)


def _sentence(statement: Statement) -> Whole:
    outline, at = statement.outline, statement.at
    sentence = statement.sentence
    paragraph = [
        number
        for number in range(max(0, at - 8), min(len(outline.sentences), at + 8))
        if outline.sentences[number].block == sentence.block
        and outline.sentences[number].kind == sentence.kind
    ]
    asks = sentence.heading.endswith(("?", "؟", "？"))
    text = " ".join(outline.sentences[number].shown for number in paragraph)
    if asks and len(text) <= _MAX_PARAGRAPH:
        return Whole(outline, paragraph[0], paragraph[-1] + 1, text)
    before = at - 1 if at - 1 in paragraph else None
    first_word = sentence.shown.split(maxsplit=1)[0].strip(",.").casefold()
    if before is not None and first_word in _POINTS_BACK:
        text = f"{outline.sentences[before].shown} {sentence.shown}"
        if len(text) <= _MAX_PARAGRAPH:
            return Whole(outline, before, at + 1, text)
    after = at + 1 if at + 1 in paragraph else None
    if after is not None and len(sentence.shown) <= _MAX_FRAGMENT:
        following = outline.sentences[after].shown
        if following.split(maxsplit=1)[0].strip(",.").casefold() in _POINTS_BACK:
            return Whole(outline, at, at + 2, f"{sentence.shown} {following}")
    if len(sentence.shown) <= _MAX_FRAGMENT and not sentence.shown.endswith(_ENDS):
        return _fragment(outline, at)
    return Whole(outline, at, at + 1, sentence.shown)


def _fragment(outline: Outline, at: int) -> Whole:
    """A line that is no sentence, with its section, and with the text that it heads."""
    shown, following = outline.sentences[at].shown, outline.sentences[at + 1 : at + 2]
    if following and following[0].kind == "text" and following[0].shown.endswith(_ENDS):
        apart = outline.text[outline.sentences[at].end : following[0].start]
        if apart.count("\n") > 1:
            return Whole(outline, at, at + 2, f"{shown}: {following[0].shown}")
    return Whole(outline, at, at + 1, _with_place(outline, at))


def _with_place(outline: Outline, at: int, lead: int | None = None) -> str:
    """Two prices are told apart by what stands above them."""
    shown = outline.sentences[at].shown
    head = _heading(outline, at)
    if lead is not None:
        head = outline.sentences[lead].shown.rstrip(":： ")
    return f"{head} — {shown}" if head and not shown.startswith(head) else shown


def _heading(outline: Outline, at: int) -> str:
    heading = outline.sentences[at].heading or outline.passage.heading.rpartition(" > ")[2]
    return heading.rstrip(":： ")


def _needs_place(outline: Outline, at: int) -> bool:
    """Whether another table of the passage has a row that begins like this one."""
    name = outline.sentences[at].shown.partition(" — ")[0].partition(":")[0]
    heading = outline.sentences[at].heading
    return any(
        each.kind == "row" and each.heading != heading and each.shown.startswith(name)
        for each in outline.sentences
    )
