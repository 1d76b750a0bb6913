"""An answer looks alike in the widget and on the dashboard's pages, whatever stands in it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from chatbot_saas.web.markdown.blocks import parse
from chatbot_saas.web.markdown.inline import mark
from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.payloads import ADDRESSES, PAYLOADS
from tests.browser.site import Site
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process
from tests.pages import make_member
from tests.web.test_markdown import LONG

ORDINARY = [
    "A line.\nAnother line, **bold**, *leaning*, __bold__, _leaning_, snake_case_name, 2*3*4.",
    "# One\n## Two ##\n####### no heading\n#none\nText\n# Three\n#  \n# C#",
    "- a\n- b\n  - c\n    1. d\n    2. e\n\n  more of b\n- f\n\n3. three\n4) four\n* other",
    "- a\nlazy\n\n\n- b\n\n    deep\n\ttab\n      - x\n        - y\n          - z\n            - deepest",
    "| A | B |\n|---|:-:|\n| 1 | `x|y` |\n|  | **z** |\nafter",
    "| | |\n|-|\n|||\nx|y\n\n|",
    "```python\nprint('*no*') <b>\n```\n~~~\nopen **fence**",
    "    ```\n    x\n    ```\n`one` ``two ` ticks`` ```three```",
    "> quoted\n> > twice\n> - item\n\n---\n***\n- - -\n-- -",
    "> > > > > > > seven deep\n- - - - - - - seven",
    "See https://shop.example/a_(b)?q=1#x, or (https://shop.example/). Mail help@shop.example.",
    "[shop](https://shop.example/x) [https://evil.example](https://shop.example) "
    "[tel](tel:+431234) [+43 1 234](tel:+431234) [us](mailto:a@b.example?subject=x) [](https://a.example)",
    "![picture](https://shop.example/x.png) [a](#here) [b](/path) [c](//away.example) [d]()",
    "[a](https://ex.example/x\\)y) \\*no\\* \\[1\\] \\\\ 1\\. [x](https://e.example 'title')",
    "[u](https://user:pass@evil.example) [p](https://a.example:443/) [q](http://a.example:443/)",
    "[i](https://bücher.example/) [6](http://[::1]:8000/) [4](http://127.0.0.1/) [n](https://)",
    "[bs](https://good.example\\@evil.example) [pc](https://%65vil.example/) [b](https://a b.example)",
    "Unused goods [1] go back [2], see `[1]` and [1][2].\n\n- item [1]\n\n```\ncode [2]\n```",
    "See https://a.example/x([1]), https://a.example/(y)[1].",
    "**bold [1]** and *[2]* [link [1]](https://a.example) | a [1] |\n|-|\n| b [2] |",
    "سلام **دنیا** [1]\n\n۱. یک\n\n🛠 tools [2]",
    "a\r\nb\r\n\r\n1. x\r\n2. y",
    "**not closed\n\n*nor this\n\n`nor that",
    "***both*** **a*b** __a_b__ **a** b** ** c **",
    "1) a\n10) b\n999999999. c\n\n+ plus\n• dot",
    "",
    "\n\n  \n",
]
_PARTS = (
    "**", "*", "__", "_", "`", "``", "```", "~~~", "[1]", "[2]", "[", "]", "](", "(", ")", "!",
    "\\", "|", "|-|", "\\|", "| a | b |\n|---|---|\n", "\n", "\n", "\n\n", "\r\n", "  ", " ",
    "    ", "\t", "\u00a0", "\ufeff", "\u2028", "\x1c", "\x85", "- ", "• ", "1. ", "2) ", "> ",
    "# ", "## ", "---", "a", "word", "_a", "é", "ß", "。", "🛠", "<b>", "<", ">", "'", '"', ".",
    ":", ",", "https://a.example/", "https://A.example", "HTTPS://", "www.a.example", "www.",
    "?q=1#f", "(x)", "x.y", "mailto:a@b.example", "a@b.example", "tel:+431234", "tel:",
    "javascript:alert(1)", "\ue000", "0:1", "<https://x.example>", "[x](https://a.example/b_(c))",
    "[**y** `z`](", "/~u",
)  # fmt: skip
_BLOCKS = (
    "- ", "  - ", "    - ", "1. ", "2. ", "* ", "   ", "    deep\n", "\t", "\n", "\n\n", " \n", "a",
    "text\n", "```\n", "  ```py\n", "~~~\n", "> ", "> > ", "| a | b |\n", "|--|--|\n", "|", "# x",
    "---\n", "***\n",
)  # fmt: skip
_EMPHASIS = (
    "*", "**", "***", "_", "__", "___", "`", "``", "a", " ", "b c", "1", "é", "\\*", "\\_", "\n",
    "[1]", "(", ")", "<", "!", "[x](https://a.example)", "https://a.example/x_y",
)  # fmt: skip
_HOSTS = (
    "0x7f.1", "127.1", "0", "1.2.3.4.5", "1.2.3.256", "010.1.1.1", "08.1", "1.2.3.", "4294967296",
    "a.0x1g", "1.a", "a.1", "[::ffff:1.2.3.4]", "[::1%25eth0]", "[::1]a", "[", "🛠.example",
    "bücher.example", "xn--bcher-kva.example", "ß.example", "a..b", "..", "a_b.example",
    "-a-.example", "a%2eb", "%zz", "%e4", "1א.example", "\u0301a.example", "１２７.0.0.1", "a。b",
    "a\u00adb.example", "a\u200db.example", "a:0", "a:00080", "a:65536", "a:", "u@b@c", "@h",
    "h@", "\\h", "h^", "h|", "h~", "h\x7f", "h\x01", "İ.example", "٣.example", "1.1.1.٣", "a%00b",
    "a%C3%BC.example",
)  # fmt: skip
# Some browsers write a star in a host's name as it stands, and some do not.
_STARRED = re.compile(r"(?:www\.|//)[^/\s]*\*")


def _mixed(number: int) -> str:
    chance = Random(number)
    vocabulary = (_PARTS, _BLOCKS, _EMPHASIS)[number % 3]
    text = "".join(chance.choices(vocabulary, k=chance.randint(3, 40)))
    return "" if _STARRED.search(text) else text


TEXTS = [
    *ORDINARY,
    *PAYLOADS,
    *(f"[label]({address}) {address}" for address in ADDRESSES),
    *(f"[label](https://{host}/p) [{host}](http://{host}?q) https://{host}" for host in _HOSTS),
    *map(_mixed, range(3_000)),
]
TREE = """async ([texts, cited]) => {
  const { mark, parse } = await import("/static/widget/markdown-v1.js");
  return texts.map((text, i) => JSON.stringify(parse(mark(text, cited[i]))));
}"""
# Whole, and while more of it may follow.
READ = """async (texts) => {
  const { parse } = await import("/static/widget/markdown-v1.js");
  for (const text of texts) parse(text) && parse(text, true);
}"""
# CPU seconds for 100 kB: what grows with the square of it takes hundreds.
SOON = 3.0


@dataclass(frozen=True)
class Marker:
    n: int
    marker: int | None


def _cited(text: str) -> list[Marker]:
    """A citation at every other marker, and one of an earlier release, which has no place."""
    places = [i for i in range(len(text)) if text.startswith(("[1]", "[2]"), i)]
    placed = [Marker(int(text[i + 1]), i) for i in places[::2]]
    return [*placed, Marker(2, None)] if len(places) > 1 else placed


def _as_json(node: Any) -> Any:
    if isinstance(node, str):
        return node
    tag, attributes, children = node
    return [tag, attributes, [_as_json(each) for each in children]]


def test_the_page_reads_an_answer_as_the_widget_does(
    web: Process, watch: Callable[..., Watched]
) -> None:
    watched = watch()
    watched.page.goto(f"{web.url}/healthz")
    cited = [_cited(text) for text in TEXTS]
    given = [[{"n": each.n, "marker": each.marker} for each in some] for some in cited]
    theirs = watched.page.evaluate(TREE, [TEXTS, given])
    different = []
    for text, some, tree in zip(TEXTS, cited, theirs, strict=True):
        ours = [_as_json(node) for node in parse(mark(text, some))]
        if ours != json.loads(tree):
            different.append(f"{text!r}\n  page:   {ours}\n  widget: {tree}")
    assert different == [], "\n".join(different)


def test_no_text_makes_a_browser_think_for_long(
    web: Process, watch: Callable[..., Watched]
) -> None:
    page = watch().page
    page.goto(f"{web.url}/healthz")
    measured = page.context.new_cdp_session(page)
    # The time of its thread, whatever else the machine does.
    measured.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = measured.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "ScriptDuration")

    took = {}
    for name, text in LONG.items():
        before = spent()
        page.evaluate(READ, [text])
        took[name] = spent() - before
    assert max(took.values()) > 0
    assert {name: each for name, each in took.items() if each > SOON} == {}


TAGS = {
    *(
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "pre",
        "code",
        "br",
        "strong",
        "em",
        "a",
        "small",
    ),
    *("button", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    *("href", "target", "rel", "dir", "start", "class", "tabindex", "data-n", "role", "aria-label"),
}


def _every(node: Any) -> Iterator[Any]:
    if not isinstance(node, str):
        yield node
        for child in node[2]:
            yield from _every(child)


def test_no_answer_makes_anything_but_what_a_page_may_show() -> None:
    for text in TEXTS:
        for tree in parse(mark(text, _cited(text))):
            for tag, attributes, _ in _every(_as_json(tree)):
                assert tag in TAGS, text
                assert attributes.keys() <= ATTRIBUTES, text
                address = attributes.get("href", "https://").lower()
                assert address.startswith(("https://", "http://", "mailto:", "tel:")), text


ANSWER = """# Sending back

Goods go back within **30 days** [1], see [our page](https://shop.example/back) and `code`.

- in the box
- with [the slip](javascript:alert(1))

| What | Days |
|---|---|
| Boots | 30 |

<img src=x onerror=alert(1)> The access code is 48213 [1]."""


def test_an_answer_is_no_raw_text_and_its_chips_lead_to_their_quotes(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
) -> None:
    question = f"What is the access code of the depot? {uuid4().hex}"
    fake.script({"match": question, "text": ANSWER})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask(question)
    visitor.answered()
    person = beside(lambda: make_member(workspace.tenant, "viewer"))
    watched, base = watch(), f"http://{workspace.tenant.host}:{web.port}"
    log_in(watched, base, person)
    page = watched.page
    page.goto(f"{base}/conversations?q={question.rpartition(' ')[2]}")
    page.locator("tbody a.title").click()
    _check_answer(watched)
    page.get_by_role("link", name="Why this answer").click()
    expect(page.get_by_role("heading", name="The prompt, word for word")).to_be_visible()
    _check_answer(watched)


def _check_answer(watched: Watched) -> None:
    page = watched.page
    answer = page.locator(".said.assistant .answer").first
    expect(answer.locator(".heading")).to_have_text("Sending back")
    expect(answer.locator("td").last).to_have_text("30")
    expect(answer.locator("li").last).to_have_text("with the slip")
    assert answer.locator("a:not(.cite)").all_inner_texts() == ["our page (shop.example)"]
    assert "<img src=x" in answer.inner_text() and "**" not in answer.inner_text()
    for chip in answer.locator(".cite").all():
        chip.click()
        quote = page.locator("blockquote:target")
        expect(quote).to_be_visible()
    expect(quote).to_contain_text("48213")
    assert "**" not in page.locator(".cites").inner_text()
    assert watched.faults("answer") == []
    assert page.evaluate("ran") == []
    assert watched.errors == []
