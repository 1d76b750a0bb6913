"""A table of an answer: words stay whole, it scrolls in its own box, and it grows by rows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
HEAD = """The halls are open like this:
| Weekday | Opening | Closing | Responsible department | Remarks |
|:---|---:|---|:-:|---|
"""
ROWS = [
    f"| Wednesday{n} | 06:00 | 21:00 | Warehouseadministration | Everybody with `badge_{n}` |\n"
    for n in range(40)
]
# Words of the table that stand on more than one line.
BROKEN = """(box) => {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node; (node = walker.nextNode()); )
    for (const { 0: word, index } of node.data.matchAll(/[\\w:]+/g)) {
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const tops = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
      if (tops.size > 1) found.push(word);
    }
  return found;
}"""
# What a reader has seen that is no table yet: signs of one.
WATCH_SIGNS = """(log) => {
  window.signs = [];
  new MutationObserver(() => {
    const { textContent } = log.querySelector(".reply:last-child .body");
    if (/[|]|--/.test(textContent)) signs.push(textContent);
  }).observe(log, { childList: true, subtree: true, characterData: true });
}"""


@pytest.mark.parametrize(("width", "language"), [(375, "en"), (1280, "en"), (375, "fa")])
def test_words_stay_whole_and_the_table_scrolls_in_its_own_box(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    width: int,
    language: str,
) -> None:
    fake.script({"match": "Show me the table", "text": f"{HEAD}{''.join(ROWS)}\nSo it is. [1]"})
    visitor = watch(viewport={"width": width, "height": 700})
    visitor.page.goto(site.address(web.url, workspace.publishable_key, csp="tt", lang=language))
    visitor.open()
    visitor.ask("What is the access code? Show me the table.")
    box = visitor.answered().get_by_role(
        "group", name="Weekday, Opening, Closing, Responsible department, Remarks"
    )
    expect(box.locator("tbody tr")).to_have_count(40)
    assert box.evaluate(BROKEN) == []
    assert box.evaluate("(box) => box.scrollWidth > box.clientWidth")
    assert not visitor.scrolls_sideways()
    box.focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.wait_for_function(
        """() => document.querySelector("chatbot-widget").shadowRoot
          .querySelector(".table").scrollLeft !== 0"""
    )
    for look in visitor.looks(f"table {language}"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    assert visitor.errors == visitor.violations() == []


def test_a_table_grows_by_rows_and_shows_no_signs(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = f"{HEAD}{''.join(ROWS[:6])}\nSo it is. [1]"
    # One piece for each three characters, so that every half row arrives.
    pieces = len(text) // 3
    held = len(f"{HEAD}{ROWS[0]}{ROWS[1]}| Wednes") // 3
    fake.script({"match": "Show me it grow", "text": text, "chunks": pieces, "hold_at": held})
    visitor = watch(viewport={"width": 375, "height": 700})
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.part(".log").evaluate(WATCH_SIGNS)
    visitor.ask("What is the access code? Show me it grow.")
    rows = visitor.part(".body").last.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(visitor.part(".body p").last).to_have_text("The halls are open like this:")
    assert visitor.part(".table").evaluate(BROKEN) == []
    first = visitor.part(".table").element_handle()
    visitor.part(".table").evaluate("(box) => { box.scrollLeft = 40 }")
    fake.release()
    visitor.answered()
    expect(rows).to_have_count(6)
    assert visitor.page.evaluate("signs") == []
    # It is the box that was there at first, and stands where the reader has moved it.
    assert visitor.part(".table").evaluate("(now, then) => now === then", first)
    assert visitor.part(".table").evaluate("(box) => box.scrollLeft") == 40
    assert visitor.errors == []
