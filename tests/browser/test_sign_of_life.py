"""Who waits long for an answer is told that it is worked at, and never when nobody knows that."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.browser.wire import wire
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
STILL = {
    "en": "Still working on your answer…",
    "fa": "هنوز روی پاسخ شما کار می‌شود…",
}
# Everything that the live region has said.
LISTEN = """(status) => {
  window.said = [];
  new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
}"""


@pytest.mark.parametrize("language", STILL)
def test_a_slow_answer_gives_one_sign_of_life_until_its_first_text(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    language: str,
) -> None:
    told = STILL[language]
    fake.script({"match": f"slow in {language}", "text": "It is 48213. [1]", "hold_at": 0})
    visitor = watch(viewport={"width": 375, "height": 700})
    visitor.page.goto(site.address(web.url, workspace.publishable_key, lang=language))
    visitor.open()
    visitor.part("[role=status]").evaluate(LISTEN)
    visitor.ask(f"What is the access code, slow in {language}?")
    body = visitor.part(".body").last
    expect(body.locator(".hint")).to_have_text(told)
    for look in visitor.looks(f"still {language}"):
        assert visitor.axe() == [], look
    fake.release()
    expect(visitor.answered()).to_contain_text("48213")
    expect(body.locator(".hint")).to_have_count(0)
    assert visitor.page.evaluate("said").count(told) == 1
    assert visitor.errors == []


def test_a_lost_connection_is_called_that(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "slow and lost", "text": "It is 48213. [1]", "hold_at": 0})
    with wire(web.port) as line:
        visitor = watch()
        visitor.page.goto(site.address(line.url, workspace.publishable_key))
        visitor.open()
        visitor.ask("What is the access code, slow and lost?")
        hint = visitor.part(".body").last.locator(".hint")
        expect(hint).to_have_count(1)
        line.down = True
        line.cut()
        expect(visitor.part(".notice")).to_contain_text("Connecting…")
        expect(hint).to_have_count(0)
        line.down = False
        expect(visitor.part(".notice")).to_be_hidden(timeout=20_000)
        # It is true again.
        expect(hint).to_have_count(1)
        fake.release()
        expect(visitor.answered()).to_contain_text("48213")


def test_what_was_never_sent_is_not_worked_at(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    visitor.page.clock.install()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.context.set_offline(True)
    expect(visitor.part(".notice")).to_contain_text("You are offline.")
    visitor.ask("What is the access code?")
    visitor.page.clock.fast_forward(6_000)
    expect(visitor.part(".notice")).to_contain_text("You are offline.")
    expect(visitor.part(".body .hint")).to_have_count(0)
    visitor.context.set_offline(False)
    expect(visitor.answered()).to_contain_text("48213")
