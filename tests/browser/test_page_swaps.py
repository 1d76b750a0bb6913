"""Pages that put another page in their place: the widget stays, and so does what is said in it."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
HTMX = Path(str(files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js"))
NEXT = "document.title = 'next'; document.body.dataset.page = 'next';"
# What each library does to the document when a link is followed, in its own steps.
SWAPS = {
    # Turbo Drive: a new body for the old one, the head merged, scripts of the body evaluated anew.
    "turbo": """
      const body = document.createElement("body");
      body.innerHTML = "<main><h1>Next</h1></main>";
      const old = document.querySelector("script[src*='/widget/v1.js']");
      const again = document.createElement("script");
      for (const { name, value } of old.attributes) again.setAttribute(name, value);
      again.onload = () => (window.evaluatedAgain = true);
      body.append(again);
      document.documentElement.replaceChild(body, document.body);
      document.head.append(document.createElement("meta"));
    """,
    # Turbo's morph, idiomorph: children of the body that the next page does not have are removed.
    "morph": """
      for (const child of [...document.body.children]) {
        if (child.localName !== "main") child.remove();
      }
      document.body.querySelector("main").innerHTML = "<h1>Next</h1>";
    """,
    "body set": "document.body = document.createElement('body');",
    "inner HTML": "document.body.innerHTML = '<h1>Next</h1>';",
    "all but the head": """
      for (const child of [...document.documentElement.children]) {
        if (child !== document.head) child.remove();
      }
      document.documentElement.append(document.createElement("body"));
    """,
    # React, after a hydration that did not fit: the whole document is made anew.
    "hydration": """
      const root = document.createElement("html");
      root.append(document.createElement("head"), document.createElement("body"));
      document.removeChild(document.documentElement);
      document.append(root);
    """,
    # What keeps a page as HTML has a copy of the widget in it.
    "kept as HTML": """
      const kept = document.documentElement.innerHTML;
      document.documentElement.innerHTML = kept;
      document.body.insertAdjacentHTML("beforeend", "<chatbot-widget></chatbot-widget>");
    """,
}


@pytest.fixture
def visitor(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> Watched:
    """Has asked something whose answer is being written, and types the next question."""
    fake.script({"match": "at length", "text": "word " * 60 + "end", "delay": 0.04})
    watched = watch()
    watched.page.goto(site.address(web.url, workspace.publishable_key))
    watched.open()
    watched.ask("Tell me at length.")
    expect(watched.part(".reply").last).to_contain_text("word")
    watched.part("textarea").fill("And what about")
    return watched


def _is_as_before(visitor: Watched) -> None:
    expect(visitor.widget).to_have_count(1)
    expect(visitor.part(".panel")).to_be_visible()
    expect(visitor.part("textarea")).to_have_value("And what about")
    # All of the answer, once, in the same log: it went on while the page was swapped.
    expect(visitor.part(".reply .tools")).to_have_count(1)
    words = visitor.part(".reply").last.locator(".body").inner_text().split()
    assert words == ["word"] * 60 + ["end"]
    expect(visitor.part(".mine")).to_have_count(1)
    visitor.ask("What is the access code?")
    expect(visitor.answered(2)).to_contain_text("48213")


@pytest.mark.parametrize("swap", SWAPS)
def test_a_page_may_be_swapped_while_an_answer_is_written(visitor: Watched, swap: str) -> None:
    visitor.page.evaluate(f"() => {{ {SWAPS[swap]} {NEXT} }}")
    assert visitor.page.title() == "next"
    _is_as_before(visitor)
    if swap == "turbo":
        visitor.page.wait_for_function("window.evaluatedAgain")
        expect(visitor.widget).to_have_count(1)
    assert visitor.errors == []


def test_htmx_may_swap_the_page(visitor: Watched, site: Site) -> None:
    following = site.add("<!doctype html><title>next</title><body><h1>Next</h1></body>")
    visitor.page.add_script_tag(path=HTMX)
    visitor.page.evaluate(
        """(address) => {
          document.body.innerHTML = `<a hx-boost="true" href="${address}">Next</a>`;
          htmx.process(document.body);
        }""",
        following,
    )
    visitor.page.get_by_role("link", name="Next").click()
    expect(visitor.page.get_by_role("heading", name="Next")).to_be_visible()
    _is_as_before(visitor)


def test_who_takes_the_widget_away_for_good_is_not_fought(visitor: Watched) -> None:
    visitor.page.evaluate("chatbot('shutdown')")
    visitor.page.evaluate(f"() => {{ {SWAPS['hydration']} {SWAPS['inner HTML']} {NEXT} }}")
    expect(visitor.widget).to_have_count(0)
    visitor.page.evaluate("chatbot('boot')")
    expect(visitor.widget).to_have_count(1)
    # A script of the page that removes it whenever it sees it.
    visitor.page.evaluate(
        """() => {
          window.removals = 0;
          new MutationObserver(() => {
            const found = document.querySelector("chatbot-widget");
            if (!found) return;
            removals += 1;
            found.remove();
          }).observe(document, { childList: true, subtree: true });
          document.body.append("!");
        }"""
    )
    with visitor.page.expect_console_message(lambda said: "chatbot:" in said.text):
        visitor.page.wait_for_function("removals === 6")
    visitor.page.evaluate("document.body.append('!')")
    expect(visitor.widget).to_have_count(0)
    assert visitor.page.evaluate("removals") == 6
    assert len(visitor.errors) == 1
    assert "so it stays away" in visitor.errors[0]


def test_a_swap_to_a_page_with_another_chatbot_shows_that_one(
    watch: Watch, site: Site, web: Process, make_workspace: Callable[..., Workspace]
) -> None:
    first, second = make_workspace(welcome="I am the first."), make_workspace(welcome="The second.")
    visitor = watch()
    visitor.page.goto(site.address(web.url, first.publishable_key))
    visitor.open()
    expect(visitor.part(".reply")).to_contain_text("I am the first.")
    visitor.page.evaluate(
        """([address, key]) => {
          const script = document.createElement("script");
          script.src = address;
          script.dataset.key = key;
          document.body.replaceChildren(script);
        }""",
        [f"{web.url}/widget/v1.js", second.publishable_key],
    )
    expect(visitor.part(".reply")).to_contain_text("The second.")
    expect(visitor.widget).to_have_count(1)
