"""A link of an answer says where it leads, whatever its label says."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Citation, Conversation, Message, Role
from core.ids import new_id
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.test_everywhere import allow
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

# What an answer says, and what a reader sees of it.
LINKS = {
    "[your bank](https://evil.example/login)": "your bank (evil.example)",
    "[https://bank.example](https://evil.example/)": "https://bank.example (evil.example)",
    "[bank.example.evil.example](https://bank.example/)": "bank.example.evil.example (bank.example)",
    "https://bank.example@evil.example/": "https://bank.example@evil.example/ (evil.example)",
    "[prices](https://shop.example:8443/prices)": "prices (shop.example:8443)",
    "[Bücher](https://bücher.example/)": "Bücher (xn--bcher-kva.example)",
    "**[opening hours](https://shop.example/)**": "opening hours (shop.example)",
    "https://shop.example/opening?day=1": "https://shop.example/opening?day=1",
    "[shop.example/opening](https://shop.example/opening)": "shop.example/opening",
    "[Shop.Example](https://shop.example/#hours)": "Shop.Example",
    "[us](mailto:help@shop.example)": "us (help@shop.example)",
    "[+43 1 234](tel:+431234)": "+43 1 234",
}
ZEAL = "https://en.wikipedia.org/wiki/Zeal_(tool)?q=1"
# What an answer says, and where each of its links leads.
TARGETS = {
    f"See {ZEAL}.": [ZEAL],
    f"It is known ({ZEAL}), and old.": [ZEAL],
    f"[Zeal]({ZEAL}) is a tool.": [ZEAL],
    r"[Zeal](https://en.wikipedia.org/wiki/Zeal_\(tool\)) too.": [ZEAL.partition("?")[0]],
    "(see https://shop.example/a_b_c)": ["https://shop.example/a_b_c"],
    f"`{ZEAL}` and `help@shop.example`": [],
    "Write to first_last+x@mail.shop.example.": ["mailto:first_last+x@mail.shop.example"],
    "[Write](mailto:help@shop.example?subject=Hours)": ["mailto:help@shop.example?subject=Hours"],
    "[Call](tel:+43-1-234)": ["tel:+43-1-234"],
    "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) [d](mailto:)": [],
    "not@shop, @shop.example, a@b@c.example": [],
}
NO_LINK = "https://%zz/"


def test_a_link_names_its_host_unless_its_label_does(
    watch: Callable[..., Watched], site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = "\n\n".join([*LINKS, NO_LINK])
    # In many pieces: a link that is half written must not be in the way of the whole one.
    fake.script({"match": "Show me links", "text": f"{text}\n\nGo there. [1]", "chunks": 120})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code? Show me links.")
    visitor.answered()
    links = visitor.part(".body").last.locator("a")
    expect(links).to_have_text(list(LINKS.values()))
    expect(visitor.part(".body").last).to_contain_text(NO_LINK)
    for look in visitor.looks("links"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    assert visitor.errors == []


def test_a_link_leads_where_the_answer_says_and_code_stays_code(
    watch: Callable[..., Watched], site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    text = "\n\n".join([*TARGETS, "Go there. [1]"])
    fake.script({"match": "Show me brackets", "text": text, "chunks": 120})
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask("What is the access code? Show me brackets.")
    visitor.answered()
    paragraphs = visitor.part(".body").last.locator("p").all()
    found = [
        paragraph.evaluate("(p) => [...p.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
        for paragraph in paragraphs
    ]
    assert found == [*TARGETS.values(), []]
    code = visitor.part(".body code").all_inner_texts()
    assert code == [ZEAL, "help@shop.example"]
    assert visitor.errors == []


def test_the_hosted_page_and_a_conversation_that_comes_back_name_it_too(
    watch: Callable[..., Watched],
    web: Process,
    make_workspace: Callable[..., Workspace],
    fake: FakeOpenAI,
) -> None:
    own = make_workspace()
    origin = f"http://{own.tenant.host}:{web.port}"
    beside(partial(allow, own.tenant.id, origin))
    fake.script({"match": "only link", "text": "[your bank](https://evil.example/login) [1]"})
    visitor = watch()
    visitor.page.goto(f"{origin}/c/{own.chatbot_id}")
    visitor.ask("What is the access code? Show me the only link.")
    visitor.answered()
    expect(visitor.part(".body a")).to_have_text("your bank (evil.example)")
    visitor.page.reload()
    visitor.answered()
    expect(visitor.part(".body a")).to_have_text("your bank (evil.example)")


def _cite_a_page(tenant_id: Any) -> None:
    with tenant_context(tenant_id):
        message = Message.objects.create(
            id=new_id(),
            conversation=Conversation.objects.latest("created_at"),
            role=Role.ASSISTANT,
            text="Read it there. [1]",
            created_at=timezone.now(),
        )
        Citation.objects.create(
            message=message,
            n=1,
            document_id=new_id(),
            title="Handbook",
            quote="At six.",
            url="https://docs.example/handbook",
        )


def test_a_sources_page_is_named_before_it_is_opened(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
) -> None:
    own = make_workspace()
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key))
    visitor.open()
    visitor.ask("What is the access code?")
    visitor.answered()
    beside(partial(_cite_a_page, own.tenant.id))
    visitor.page.reload()
    visitor.open()
    visitor.part(".body .cite").last.click()
    expect(visitor.part("dialog a")).to_have_text("Open the page (docs.example)")
