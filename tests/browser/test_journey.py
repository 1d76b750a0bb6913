"""A visitor on somebody else's page: ask, read, stop, lose the network, come back."""

import re
from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.browser.wire import wire
from tests.fake_openai import FakeOpenAI
from tests.live import Process

COUNTING = " ".join(f"step{number}" for number in range(1, 61))
Watch = Callable[..., Watched]


def on_shop(watch: Watch, site: Site, platform: str, workspace: Workspace, **more: str) -> Watched:
    visitor = watch()
    visitor.page.goto(site.address(platform, workspace.publishable_key, csp="tt", **more))
    return visitor


def test_a_visitor_asks_and_reads_the_answer_while_it_is_written(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "slowly", "text": COUNTING + " [1].", "delay": 0.03})
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.ask("What is the access code of the depot, slowly?")
    body = visitor.part(".body").last
    expect(body).to_contain_text("step3")
    first = body.locator("p").element_handle()
    seen = [body.inner_text()]
    while "step60" not in seen[-1]:
        seen.append(body.inner_text())
    assert len(set(seen)) > 5
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen))
    visitor.answered()
    # The paragraph is the one that was there at first: nothing was drawn anew.
    assert first is not None
    assert body.locator("p").evaluate("(now, then) => now === then", first)
    assert visitor.part("[role=status]").text_content() == f"Answer: {body.inner_text()} "


def test_a_citation_opens_its_quote_and_gives_the_focus_back(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.part(".suggestions button").first.click()
    chip = visitor.answered().locator(".cite").first
    assert chip.get_attribute("aria-label") == "Source 1: Depot handbook"
    chip.press("Enter")
    quote = visitor.part("dialog")
    expect(quote.locator("blockquote")).to_contain_text("48213")
    expect(quote.locator("h3")).to_have_text("Depot handbook")
    expect(quote.locator("a")).to_have_count(0)
    visitor.page.keyboard.press("Escape")
    expect(quote).to_be_hidden()
    expect(chip).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.part(".panel")).to_be_hidden()
    expect(visitor.part(".launcher")).to_be_focused()
    assert visitor.errors == []


def test_a_visitor_stops_an_answer_and_keeps_what_was_written(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "stop me", "text": COUNTING, "delay": 0.1})
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.ask("What is the access code? I will stop me.")
    expect(visitor.part(".body").last).to_contain_text("step2")
    visitor.part("button[aria-label='Stop answering']").click()
    reply = visitor.answered()
    expect(reply).to_contain_text("You stopped this answer.")
    assert "step60" not in reply.inner_text()
    expect(visitor.part("button[aria-label='Send']")).to_be_visible()


def test_a_lost_network_costs_nothing_and_a_reload_finds_everything(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "lose it", "text": COUNTING, "delay": 0.05})
    with wire(web.port) as line:
        visitor = on_shop(watch, site, line.url, workspace)
        visitor.open()
        visitor.ask("What is the access code? I will lose it.")
        body = visitor.part(".body").last
        expect(body).to_contain_text("step8")
        line.down = True
        line.cut()
        expect(visitor.part(".notice")).to_be_visible()
        line.down = False
        reply = visitor.answered()
        expect(visitor.part(".notice")).to_be_hidden()
        assert re.findall(r"step\d+", body.inner_text()) == COUNTING.split()
        visitor.page.reload()
        visitor.open()
        reply = visitor.answered()
        assert re.findall(r"step\d+", reply.inner_text()) == COUNTING.split()
        expect(visitor.part(".mine")).to_have_count(1)
        expect(visitor.part(".mine")).to_contain_text("I will lose it.")


def test_a_reload_in_the_middle_of_an_answer_shows_the_whole_of_it(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "reload it", "text": COUNTING, "delay": 0.05})
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.ask("What is the access code? I will reload it.")
    expect(visitor.part(".body").last).to_contain_text("step5")
    visitor.page.reload()
    visitor.open()
    reply = visitor.answered()
    assert re.findall(r"step\d+", reply.inner_text()) == COUNTING.split()


def test_a_new_conversation_is_empty_and_a_thumb_is_kept(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.ask("What is the access code?")
    thumb = visitor.answered().locator("[aria-label='Good answer']")
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    visitor.part("[aria-label='New conversation']").click()
    expect(visitor.part(".mine")).to_have_count(0)
    expect(visitor.part(".suggestions")).to_be_visible()
    visitor.ask("When do deliveries arrive?")
    visitor.answered()
    expect(visitor.part(".mine")).to_have_count(1)


def test_whoever_reads_above_is_left_there(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    long = "\n\n".join(f"Paragraph {number} of it." for number in range(40))
    fake.script({"match": "scroll", "text": long, "delay": 0.01})
    visitor = on_shop(watch, site, web.url, workspace)
    visitor.open()
    visitor.ask("What is the access code? I will scroll.")
    expect(visitor.part(".body").last).to_contain_text("Paragraph 15 ")
    log = visitor.part(".log")
    # The browser tells of a scroll a moment later; what arrives before that moves it once more.
    for _ in range(40):
        log.evaluate("(log) => { log.scrollTop = 0 }")
        visitor.page.wait_for_timeout(50)
        if visitor.part(".latest").is_visible():
            break
    log.evaluate("(log) => { log.scrollTop = 0 }")
    visitor.answered()
    assert log.evaluate("(log) => log.scrollTop") == 0
    visitor.part(".latest").click()
    expect(visitor.part(".latest")).to_be_hidden()
