"""What becomes of an answer's text: links, code, lists and headings, whole and half written."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
ZEAL = "https://en.wikipedia.org/wiki/Zeal_(tool)?q=1"

LAW = "https://x.example/it's_law"


def link(href: str, shown: str | None = None) -> str:
    return f'<a href="{href}">{href if shown is None else shown}</a>'


# What an answer says, and what is made of it, without directions and targets.
MADE = {
    f"See <{ZEAL}>.": f"<p>See {link(ZEAL)}.</p>",
    f"**{ZEAL}** or *{ZEAL}*": f"<p><strong>{link(ZEAL)}</strong> or <em>{link(ZEAL)}</em></p>",
    "Is it https://x.example/a_b*c_d*e?!": (
        f"<p>Is it {link('https://x.example/a_b*c_d*e')}?!</p>"
    ),
    "'https://x.example/it's_law'": f"<p>'{link(LAW)}'</p>",
    "“https://x.example/a”, «https://x.example/b».": (
        f"<p>“{link('https://x.example/a')}”, «{link('https://x.example/b')}».</p>"
    ),
    "访问https://x.example/a。然后**重点**内容": (
        f"<p>访问{link('https://x.example/a')}。然后<strong>重点</strong>内容</p>"
    ),
    "www.x.example/a, or www.": (
        f"<p>{link('https://www.x.example/a', 'www.x.example/a')}, or www.</p>"
    ),
    "mailto:a@x.example <b@x.example> tel:+43-1-234": "<p>{} {} {}</p>".format(
        link("mailto:a@x.example", "a@x.example"),
        link("mailto:b@x.example", "b@x.example"),
        link("tel:+43-1-234", "+43-1-234"),
    ),
    "<a href=https://x.example>hi</a> &amp; <b>x</b>": (
        f"<p>&lt;a href={link('https://x.example')}&gt;hi&lt;/a&gt; &amp;amp; &lt;b&gt;x&lt;/b&gt;</p>"
    ),
    "javascript:alert(1) <javascript:x> [a](javascript:y)": (
        "<p>javascript:alert(1) &lt;javascript:x&gt; a</p>"
    ),
    "snake_case_name foo__bar__baz 2*3*4 größe_wert_x این_متن_است": (
        "<p>snake_case_name foo__bar__baz 2*3*4 größe_wert_x این_متن_است</p>"
    ),
    "***both***, **a *b***, *a_b c*, _a b_c d_": (
        "<p><strong><em>both</em></strong>, <strong>a <em>b</em></strong>, "
        "<em>a_b c</em>, <em>a b_c d</em></p>"
    ),
    '`a_b` ``x ` y`` `**no** https://x.example "q" [7]`': (
        '<p><code>a_b</code> <code>x ` y</code> <code>**no** https://x.example "q" [7]</code></p>'
    ),
    "[`code` **bold**](https://x.example/)": (
        f"<p>{link('https://x.example/', 'code bold<small> (x.example)</small>')}</p>"
    ),
    "- a\n    - b\n      - c\n- d\n\n\n- e": (
        "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li><li>e</li></ul>"
    ),
    "- a\n\t- b\n\t\t- c": "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>",
    "3. c\n4. d\n   - x\n   - y\n\n   more\n5. e": (
        '<ol start="3"><li>c</li><li>d<ul><li>x</li><li>y</li></ul><p>more</p></li><li>e</li></ol>'
    ),
    "1. one\n\n   ```py\n   def f():\n\n\n       return 2**3\n   ```\n2. two": (
        '<ol start="1"><li>one<pre><code>def f():\n\n\n    return 2**3</code></pre></li>'
        "<li>two</li></ol>"
    ),
    "````md\n```js\nx_y_z **b** <i>\n```\n````\nafter": (
        "<pre><code>```js\nx_y_z **b** &lt;i&gt;\n```</code></pre><p>after</p>"
    ),
    "# One\ntext\n### Three *x*\n#tag": "<h3>One</h3><p>text</p><h3>Three <em>x</em></h3><p>#tag</p>",
    "It is:\n| a | b |\n|--|--|\n| https://x.example/a_b | c\\|`d` |\n| one |": (
        '<p>It is:</p><div class="table"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>'
        f"<tr><td>{link('https://x.example/a_b')}</td><td>c|<code>d</code></td></tr>"
        "<tr><td>one</td></tr></tbody></table></div>"
    ),
}
# The blocks of an answer between its rules.
BLOCKS = """(body) => {
  const copy = body.cloneNode(true);
  for (const each of copy.querySelectorAll("*"))
    for (const name of ["dir", "target", "rel", "tabindex", "role", "aria-label"])
      each.removeAttribute(name);
  for (const each of copy.querySelectorAll(".code")) each.replaceWith(each.querySelector("pre"));
  return copy.innerHTML.split("<hr>");
}"""
CODE = 'def power(a):\n    """`a`, **squared**."""\n\n    return a**2  # [see](https://x.example\n'
# Every state of the code while it is written, and of the paragraph before it.
WATCH_CODE = """(log) => {
  window.codes = [];
  new MutationObserver(() => {
    for (const code of log.querySelectorAll("pre code")) codes.push(code.textContent);
  }).observe(log, { childList: true, subtree: true, characterData: true });
}"""


def test_an_answer_is_made_of_what_its_writer_meant(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = "\n\n***\n\n".join([*MADE, "So it is. [1]"])
    # In many pieces: what is half written must not be in the way of the whole.
    fake.script({"match": "Show me marks", "text": text, "chunks": 150})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key, csp="tt"))
    visitor.open()
    visitor.ask("What is the access code? Show me marks.")
    visitor.answered()
    made = visitor.part(".body").last.evaluate(BLOCKS)
    assert dict(zip(MADE, made, strict=False)) == MADE
    for look in visitor.looks("markdown"):
        assert not visitor.scrolls_sideways(), look
    assert visitor.errors == visitor.violations() == []


def test_the_reader_of_answers_comes_with_the_first_question(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "Show me both", "text": "So **it** is. [1]", "times": 2})
    visitor = watch()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    visitor.page.route("**/markdown-v1.js", refuse)
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    expect(visitor.part(".label")).not_to_be_empty()
    assert asked == []
    visitor.ask("What is the access code? Show me both.")
    visitor.answered()
    expect(visitor.part(".body").last).to_have_text("So **it** is. [1]")
    # An answer is read as it stands where its reader does not come, and by it once it does.
    assert asked != []
    visitor.page.unroute("**/markdown-v1.js")
    visitor.ask("What is the access code? Show me both, again.")
    visitor.answered(2)
    bodies = visitor.part(".reply:has(.tools) .body")
    expect(bodies).to_have_text(["So it is. 1", "So it is. 1"])
    expect(bodies.locator("strong")).to_have_text(["it", "it"])
    assert [error for error in visitor.errors if "ERR_FAILED" not in error] == []


def test_an_answer_does_not_wait_for_ever_for_its_reader(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "Show me both", "text": "So **it** is. [1]"})
    visitor = watch()
    held: list[Route] = []
    visitor.page.route("**/markdown-v1.js", lambda route: held.append(route))
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code? Show me both.")
    visitor.answered()
    expect(visitor.part(".body").last).to_have_text("So **it** is. [1]")
    # It is on its way, and not asked for again; what it finds is read by it.
    assert len(held) == 1
    held[0].continue_()
    expect(visitor.part(".body").last).to_have_text("So it is. 1")
    expect(visitor.part(".body").last.locator("strong")).to_have_text("it")
    assert visitor.errors == visitor.violations() == []


def test_code_is_shown_as_it_is_while_it_is_written(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = f"Like this:\n\n```python\n{CODE}```\n\nSo it is. [1]"
    fake.script({"match": "Show me code", "text": text, "chunks": len(text), "delay": 0.02})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.part(".log").evaluate(WATCH_CODE)
    visitor.ask("What is the access code? Show me code.")
    visitor.answered()
    seen = visitor.page.evaluate("codes")
    assert len(set(seen)) > 5
    # The end of the block comes with its signs, one after the other.
    assert [each for each in seen if not f"{CODE}``".startswith(each)] == []
    expect(visitor.part("pre code")).to_have_text(CODE.rstrip("\n"), use_inner_text=True)


def test_each_paragraph_goes_the_way_of_its_language(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = (
        "The gate opens at six. [1]\n\nدروازه ساعت شش باز می‌شود.\n\n"
        "https://x.example/a/ را ببینید.\n\n- دو `code_a` بلیت\n- سه\n\n1. one\n\n> three"
    )
    fake.script({"match": "both languages", "text": text})
    visitor = watch(viewport={"width": 375, "height": 700})
    visitor.page.goto(site.address(web.url, workspace.publishable_key, lang="fa"))
    visitor.open()
    visitor.ask("What is the access code? In both languages.")
    blocks = visitor.answered().locator(".body > *")
    directions = blocks.evaluate_all("(all) => all.map((each) => getComputedStyle(each).direction)")
    assert directions == ["ltr", "rtl", "rtl", "rtl", "ltr", "ltr"]
    visitor.picture("both languages")
