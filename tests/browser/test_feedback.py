"""A visitor's thumb on an answer and a few words to it: given, changed, taken back, kept."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Feedback
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.eventually import eventually
from tests.live import Process

Watch = Callable[..., Watched]
WORDS = "The code is an old one.\nPlease look again."


def kept(tenant_id: UUID) -> list[tuple[str, str]]:
    with tenant_context(tenant_id):
        return list(Feedback.objects.values_list("value", "comment"))


def expect_kept(workspace: Workspace, *wanted: tuple[str, str]) -> None:
    eventually(lambda: beside(partial(kept, workspace.tenant.id)) == list(wanted))


def thumb(answer: Locator, label: str, *, pressed: bool) -> Locator:
    found = answer.get_by_role("button", name=label)
    expect(found).to_have_attribute("aria-pressed", str(pressed).lower())
    return found


@pytest.fixture
def own(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


@pytest.fixture
def visitor(watch: Watch, site: Site, web: Process, own: Workspace) -> Watched:
    """Has an answer to judge."""
    watched = watch()
    watched.page.goto(site.address(web.url, own.publishable_key, csp="tt"))
    watched.open()
    watched.ask("What is the access code?")
    watched.answered()
    return watched


def test_a_comment_is_kept_with_the_thumb_and_shown_after_a_reload(
    visitor: Watched, own: Workspace
) -> None:
    visitor.page.evaluate(
        """() => { window.heard = [];
        chatbot("on", "feedback", ({ detail }) => heard.push([detail.value, detail.comment])) }"""
    )
    thumb(visitor.answered(), "Bad answer", pressed=False).press("Enter")
    field = visitor.part(".comment textarea")
    expect(field).to_have_accessible_name("What was wrong? (optional)")
    expect(visitor.part("[role=status]")).to_have_text("Thank you for telling us.")
    send = visitor.part(".comment .primary")
    expect(send).to_be_disabled()
    for look in visitor.looks("comment"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    field.fill(f"  {WORDS} ")
    send.click()
    expect(visitor.part(".comment")).to_have_count(0)
    expect(thumb(visitor.answered(), "Bad answer", pressed=True)).to_be_focused()
    expect(visitor.part(".reply .words")).to_have_text(f"“{WORDS}”")
    expect_kept(own, ("down", WORDS))
    assert visitor.page.evaluate("heard") == [["down", ""], ["down", WORDS]]
    visitor.page.reload()
    visitor.open()
    answer = visitor.answered()
    thumb(answer, "Bad answer", pressed=True)
    thumb(answer, "Good answer", pressed=False)
    expect(answer.locator(".words")).to_have_text(f"“{WORDS}”")
    assert visitor.errors == visitor.violations() == []


def test_a_mind_changes_and_is_taken_back(visitor: Watched, own: Workspace) -> None:
    answer = visitor.answered()
    thumb(answer, "Bad answer", pressed=False).click()
    visitor.part(".comment textarea").fill("Wrong.")
    visitor.part(".comment .primary").click()
    expect_kept(own, ("down", "Wrong."))
    thumb(answer, "Good answer", pressed=False).click()
    thumb(answer, "Bad answer", pressed=False)
    expect(answer.locator(".words")).to_be_hidden()
    expect(visitor.part(".comment label")).to_have_text("What was helpful? (optional)")
    expect_kept(own, ("up", ""))
    # Escape leaves the form, and not the chat.
    visitor.part(".comment textarea").press("Escape")
    expect(visitor.part(".comment")).to_have_count(0)
    expect(visitor.part(".panel")).to_be_visible()
    thumb(answer, "Good answer", pressed=True).click()
    thumb(answer, "Good answer", pressed=False)
    expect(visitor.part(".comment")).to_have_count(0)
    expect_kept(own)
    visitor.page.reload()
    visitor.open()
    thumb(visitor.answered(), "Good answer", pressed=False)


def test_a_comment_has_a_longest_length(visitor: Watched, own: Workspace) -> None:
    thumb(visitor.answered(), "Good answer", pressed=False).click()
    field = visitor.part(".comment textarea")
    field.focus()
    visitor.page.keyboard.insert_text("å" * 1_200)
    visitor.part(".comment .primary").click()
    expect_kept(own, ("up", "å" * 1_000))


def test_in_persian_and_dark_it_looks_as_well(
    watch: Watch, site: Site, web: Process, own: Workspace
) -> None:
    visitor = watch(viewport={"width": 375, "height": 700})
    visitor.page.goto(site.address(web.url, own.publishable_key, lang="fa"))
    visitor.open()
    visitor.ask("What is the access code?")
    # What is read out before a question does not turn it.
    direction = visitor.part(".mine").evaluate("(each) => getComputedStyle(each).direction")
    assert direction == "ltr"
    visitor.answered().locator(".tool").last.click()
    expect(visitor.part(".comment label")).to_have_text("چه چیزی نادرست بود؟ (اختیاری)")
    for look in visitor.looks("comment fa"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
