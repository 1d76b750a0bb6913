"""An answer's Markdown as HTML of a page: what is escaped, and how long it may take."""

import time
from dataclasses import dataclass

import pytest

from chatbot_saas.web.markdown.html import answer_html, plain_text

LENGTH = 100_000
_UNITS = (
    *(
        "[",
        "[](a ",
        ">",
        "> - ",
        "*",
        "**a ",
        " _a",
        "`",
        "|-\n",
        "- a\n",
        "\n",
        "```\n",
        "www.a",
        "a@b.",
        "**_",
    ),
)
# Texts of a size that no answer has, of what makes a careless reader look at everything again.
LONG = {
    **{repr(unit): unit * (LENGTH // len(unit)) for unit in _UNITS},
    "blanks in an item": f"- a{chr(10) * LENGTH}  b",
    "a line that is almost a divider": f"a|\n{'-' * LENGTH}x",
    "a heading that is almost closed": f"# a {'#' * LENGTH}x",
    "a table of empty rows": f"{'|' * 21}\n|-\n" + "|\n" * (LENGTH // 2),
    "a name of a table": f"|{'`' * LENGTH}\n|-",
    "hosts": "https://é " * (LENGTH // 10),
}
# CPU seconds: what grows with the square of it takes hundreds.
SOON = 3.0


def test_no_text_keeps_a_page_waiting() -> None:
    took = {}
    for name, text in LONG.items():
        before = time.thread_time()
        answer_html(text)
        took[name] = time.thread_time() - before
    assert {name: each for name, each in took.items() if each > SOON} == {}


@dataclass(frozen=True)
class Quoted:
    n: int
    marker: int | None
    title: str
    supported: bool


def test_everything_but_what_is_meant_is_escaped() -> None:
    text = '# <i> & "x"\n\n[<b>](https://a.example/?a&b) `<p>` [1]\n\n| <td> |\n|---|\n| \'"> |'
    one = Quoted(1, text.index("[1]"), '"><script>', supported=False)
    assert answer_html(text, [one], "a").split("</p>") == [
        '<p dir="auto" class="heading">&lt;i&gt; &amp; &quot;x&quot;',
        '<p dir="auto"><a dir="auto" href="https://a.example/?a&amp;b" target="_blank" '
        'rel="noopener noreferrer nofollow">&lt;b&gt;<small dir="ltr"> (a.example)</small></a> '
        '<code dir="ltr">&lt;p&gt;</code> <a class="cite doubt" href="#quote-a-1-49" '
        'aria-label="Source 1: &quot;&gt;&lt;script&gt;. The passage does not say this.">1?</a>',
        '<div dir="auto" class="table" role="group" tabindex="0" aria-label="&lt;td&gt;"><table>'
        "<thead><tr><th>&lt;td&gt;</th></tr></thead>"
        "<tbody><tr><td>&#x27;&quot;&gt;</td></tr></tbody></table></div>",
    ]


def test_what_is_beyond_any_answer_is_shown_as_it_stands() -> None:
    html = answer_html("**a** " + "x" * 200_000 + "<i> **b**")
    assert html.startswith('<p dir="auto"><strong>a</strong> xx')
    assert html.endswith("xx</p><p>xxxxxx&lt;i&gt; **b**</p>")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# C# ##", "C#"),
        ("`a `` b` ***c***", "a `` b c"),
        ("_a _b c_", "_a b c"),
        ("\\> <https://a.example", "> <https://a.example"),
        ("<a@b.example> tel:+43-1", "a@b.example +43-1"),
        ("-" * 60, ""),
    ],
)
def test_a_statement_without_its_marks(text: str, plain: str) -> None:
    assert plain_text(text) == plain
