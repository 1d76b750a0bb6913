"""What a visitor is told when something is wrong, and what happens when it is right again."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect

from billing.catalog.models import Plan, Subscription
from conversations.chatbots.onboarding import Workspace
from conversations.history import listing
from conversations.models import Chatbot, Conversation, Message
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]


def suspend(tenant_id: UUID) -> None:
    with platform_context():
        Tenant.objects.filter(pk=tenant_id).update(status=Tenant.Status.SUSPENDED)


def allow_nobody(tenant_id: UUID) -> None:
    with tenant_context(tenant_id):
        Chatbot.objects.update(allowed_origins=[])


@pytest.mark.parametrize(
    "case",
    [
        (suspend, "en", "This chat is taking a break. Please contact us another way."),
        (suspend, "fa", "این گفتگو فعلاً در دسترس نیست. لطفاً از راه دیگری با ما تماس بگیرید."),
        (allow_nobody, "de", "Dieser Chat ist auf dieser Seite nicht verfügbar."),
    ],
    ids=["suspended", "suspended, Persian", "foreign page, German"],
)
def test_a_refused_visitor_is_told_so_kindly(
    watch: Watch,
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
    case: tuple[Callable[[UUID], None], str, str],
) -> None:
    spoil, language, told = case
    own = make_workspace()
    beside(partial(spoil, own.tenant.id))
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key, lang=language))
    visitor.part(".launcher").click()
    expect(visitor.part(".notice span")).to_have_text(told)
    assert visitor.axe() == []
    # Whoever made the page may be told more.
    assert all(f"Add {site.origin} to" in line for line in visitor.errors)


def test_a_failed_answer_can_be_asked_for_again(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "fails", "text": "one two three four", "eof_at": 2})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code if it fails?")
    again = visitor.part(".note button")
    expect(visitor.part(".note")).to_contain_text("Please try again.")
    again.click()
    expect(visitor.answered()).to_contain_text("48213")
    expect(visitor.part(".mine")).to_have_count(1)
    expect(visitor.part(".note")).to_have_count(0)
    visitor.page.reload()
    visitor.open()
    expect(visitor.answered()).to_contain_text("48213")
    expect(visitor.part(".mine")).to_have_count(1)
    assert visitor.errors == []


@pytest.mark.parametrize("words", [0, 2], ids=["before its first word", "in the middle"])
def test_a_failed_answer_can_be_asked_for_again_after_a_reload(
    *, watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI, words: int
) -> None:
    failing = {"text": "one two three four", "eof_at": words, "times": 3 if words == 0 else 1}
    fake.script({"match": f"fails after {words}", **failing})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask(f"What is the access code if it fails after {words}?")
    expect(visitor.part(".note")).to_contain_text("Please try again.")
    fake.reset()
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".mine")).to_have_count(1)
    visitor.part(".note button").click()
    expect(visitor.answered()).to_contain_text("48213")
    expect(visitor.part(".mine")).to_have_count(1)
    expect(visitor.part(".note")).to_have_count(0)


def one_question_a_minute(tenant_id: UUID) -> None:
    with platform_context():
        plan = Plan.objects.create(
            code=f"t{uuid4().hex[:12]}",
            name="Tight",
            messages_per_month=100,
            cost_per_month=1,
            turns_per_minute=1,
            visitor_turns_per_minute=1,
            documents=5,
        )
        Subscription.objects.update_or_create(tenant_id=tenant_id, defaults={"plan": plan})


@pytest.mark.parametrize(
    "spoken",
    [
        ("en", "A lot is being asked at the moment.", "Try again"),
        ("fa", "در حال حاضر پرسش‌های زیادی می‌رسد.", "تلاش دوباره"),
    ],
)
def test_who_asks_too_fast_is_blamed_for_nothing_and_sees_how_long(
    watch: Watch,
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
    spoken: tuple[str, str, str],
) -> None:
    language, told, again = spoken
    workspace = make_workspace()
    beside(partial(one_question_a_minute, workspace.tenant.id))
    visitor = watch()
    visitor.page.clock.install()
    visitor.page.goto(site.address(web.url, workspace.publishable_key, lang=language))
    visitor.open()
    visitor.ask("What is the access code?")
    visitor.answered()
    visitor.ask("And when do deliveries arrive?")
    expect(visitor.part(".note")).to_contain_text(told)
    retry = visitor.part(".note button")
    expect(retry).to_be_disabled()
    expect(retry).to_contain_text("(")
    assert visitor.axe() == []
    visitor.page.clock.fast_forward(130_000)
    expect(retry).to_be_enabled()
    expect(retry).to_have_text(again)


def test_offline_is_said_and_what_was_asked_meanwhile_is_answered(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.context.set_offline(True)
    expect(visitor.part(".notice")).to_contain_text("You are offline.")
    visitor.ask("What is the access code?")
    visitor.context.set_offline(False)
    expect(visitor.answered()).to_contain_text("48213")
    expect(visitor.part(".notice")).to_be_hidden()
    expect(visitor.part(".mine")).to_have_count(1)


def test_before_consent_nothing_is_sent_and_nothing_kept(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    sockets: list[object] = []
    visitor.page.on("websocket", lambda socket: sockets.append(socket))
    privacy = "https://shop.example/privacy"
    address = site.address(web.url, workspace.publishable_key, consent="required", privacy=privacy)
    visitor.page.goto(address)
    visitor.part(".launcher").click()
    expect(visitor.part(".consent a")).to_have_attribute("href", privacy)
    expect(visitor.part("form")).to_be_hidden()
    assert visitor.axe() == []
    assert (sockets, visitor.page.evaluate("localStorage.length")) == ([], 0)
    visitor.part(".consent button").click()
    visitor.ask("What is the access code?")
    visitor.answered()
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".consent")).to_have_count(0)


def test_a_browser_that_keeps_nothing_can_chat(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    refuse = "get() { throw new DOMException('refused', 'SecurityError') }"
    visitor.page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ {refuse} }})")
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code?")
    expect(visitor.answered()).to_contain_text("48213")
    assert visitor.errors == []


def test_on_a_phone_the_focus_stays_in_the_panel(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch(viewport={"width": 375, "height": 700}, has_touch=True)
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    expect(visitor.part("[role=dialog]")).to_have_attribute("aria-modal", "true")
    expect(visitor.part("textarea")).to_be_focused()
    for _ in range(8):
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(
            "document.activeElement.shadowRoot.activeElement.closest('.panel') !== null"
        )
    # A keyboard takes half of the screen: the input stays above it.
    visitor.page.set_viewport_size({"width": 375, "height": 360})
    expect(visitor.part("textarea")).to_be_in_viewport(ratio=1)


def test_a_page_drives_it_by_commands_given_before_it_is_there(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    visitor.page.add_init_script(
        """window.chatbot = function () { (chatbot.q = chatbot.q || []).push(arguments) };
        window.heard = [];
        for (const name of ["ready", "open", "close", "message", "feedback"])
          chatbot("on", name, (event) => heard.push([name, event.detail.role]));
        chatbot("send", "What is the access code?");"""
    )
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.answered()
    assert visitor.page.evaluate("heard") == [
        ["open", None], ["ready", None], ["message", "visitor"], ["message", "assistant"],
    ]  # fmt: skip
    run = visitor.page.evaluate
    run("chatbot('update', { lang: 'fa', theme: 'dark' })")
    expect(visitor.part("textarea")).to_have_attribute("placeholder", "پرسش خود را بنویسید…")
    expect(visitor.part(".mine")).to_have_count(1)
    run("chatbot('toggle')")
    expect(visitor.part(".panel")).to_be_hidden()
    run("chatbot('reset'); chatbot('open')")
    expect(visitor.part(".suggestions")).to_be_visible()
    expect(visitor.part(".mine")).to_have_count(0)
    run("chatbot('shutdown')")
    expect(visitor.widget).to_have_count(0)
    run("chatbot('boot', { lang: 'de' }); chatbot('open')")
    expect(visitor.part("textarea")).to_have_attribute("placeholder", "Stellen Sie eine Frage …")
    assert visitor.errors == []


def delete_conversations(tenant_id: UUID) -> None:
    with tenant_context(tenant_id):
        for conversation_id in Conversation.objects.values_list("id", flat=True):
            listing.delete_conversation(conversation_id=conversation_id)


def count_questions(tenant_id: UUID) -> int:
    with tenant_context(tenant_id):
        return Message.objects.filter(role="visitor").count()


def test_an_open_chat_goes_on_in_a_new_conversation_when_its_own_was_deleted(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code?")
    visitor.answered()
    beside(partial(delete_conversations, workspace.tenant.id))
    visitor.ask("When do deliveries arrive?")
    visitor.answered(2)
    expect(visitor.part(".notice")).to_be_hidden()
    visitor.ask("Who may use the access code?")
    visitor.answered(3)
    assert beside(partial(count_questions, workspace.tenant.id)) == 2
    assert visitor.errors == []


def test_an_answer_whose_conversation_is_deleted_breaks_off_and_can_be_asked_for_again(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    fake.script({"match": "slowly", "text": "word " * 200, "delay": 0.05})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code, slowly?")
    expect(visitor.part(".reply").last).to_contain_text("word")
    beside(partial(delete_conversations, workspace.tenant.id))
    expect(visitor.part(".note")).to_contain_text("The answer broke off.")
    visitor.part(".note button").click()
    expect(visitor.answered()).to_contain_text("48213")
