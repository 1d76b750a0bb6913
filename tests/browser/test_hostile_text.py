"""Whatever visitors, models and documents say stays text: nothing runs, nothing leaves the page."""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from uuid import UUID

from django.utils import timezone
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Citation, Conversation, Message, Role
from core.ids import new_id
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.payloads import ADDRESSES, PAYLOADS
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

# What was made of the texts: elements that nothing of ours makes there, handlers, addresses.
FOUND = """() => {
  const root = document.querySelector("chatbot-widget").shadowRoot;
  const all = [...root.querySelectorAll(".body *, .mine *, dialog *")];
  const known = new Set(["p", "br", "h3", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "div",
    "table", "thead", "tbody", "tr", "th", "td", "strong", "em", "a", "button", "span", "bdi", "svg",
    "path", "small"]);
  const acts = (each) => each.getAttributeNames().some((name) => /^on|^style$|^src/.test(name));
  const leads = (each) => each.localName === "a" && !/^(https?|mailto|tel):$/.test(each.protocol);
  return all.filter((each) => !known.has(each.localName) || acts(each) || leads(each))
    .map((each) => each.outerHTML);
}"""


def nothing_happened(visitor: Watched, *origins: str) -> None:
    visitor.page.wait_for_timeout(100)
    assert visitor.page.evaluate("ran") == []
    assert visitor.page.evaluate(FOUND) == []
    assert visitor.origins <= set(origins)
    assert visitor.errors == []


def test_the_list_is_long_and_has_no_repetition() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 150


def test_what_a_visitor_and_a_model_say_is_text(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
) -> None:
    # No policy: only the widget itself stands in the way.
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    half = len(PAYLOADS) // 2
    for turn, some in enumerate((PAYLOADS[:half], PAYLOADS[half:]), start=1):
        said = f"payload {turn} code " + "\n".join(some)
        # In many pieces, so that every payload is seen half written as well.
        fake.script({"match": f"payload {turn}", "text": "\n\n".join(some) + " [1]", "chunks": 150})
        visitor.part("textarea").fill(said[:7900])
        visitor.part("textarea").press("Enter")
        visitor.answered(turn)
    expect(visitor.part(".body .cite").first).to_be_visible()
    nothing_happened(visitor, site.origin, web.url)


def remember(tenant_id: UUID) -> None:
    """An answer whose citations have payloads for title, quote and address, in every conversation."""
    with tenant_context(tenant_id):
        for conversation in Conversation.objects.all():
            message = Message.objects.create(
                id=new_id(),
                conversation=conversation,
                role=Role.ASSISTANT,
                text=" ".join(f"[{n}]" for n in range(1, len(PAYLOADS) + 1)),
                created_at=timezone.now(),
            )
            Citation.objects.bulk_create(
                Citation(
                    message=message,
                    n=n,
                    document_id=new_id(),
                    title=payload.replace("\x00", ""),
                    quote=payload.replace("\x00", ""),
                    url=address.replace("\x00", ""),
                )
                for n, (payload, address) in enumerate(
                    zip(PAYLOADS, cycle(ADDRESSES), strict=False), start=1
                )
            )


def test_titles_quotes_and_addresses_of_documents_are_text(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
) -> None:
    payload = PAYLOADS[0]
    own = make_workspace(name=payload, welcome=payload, suggested_questions=PAYLOADS[-5:])
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key))
    visitor.open()
    expect(visitor.part(".name")).to_have_text(payload)
    visitor.ask("What is the access code?")
    visitor.answered()
    beside(partial(remember, own.tenant.id))
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".sources .chip")).to_have_count(len(PAYLOADS) + 1)
    visitor.part(".sources button").last.click()
    expect(visitor.part("dialog h3")).to_be_visible()
    # The quote's module is there by now, and shows the next one within the same task.
    links = visitor.part(".sources").last.evaluate(
        """async (list) => {
          const seen = [];
          for (const chip of list.querySelectorAll("button")) {
            chip.click();
            await new Promise((done) => setTimeout(done));
            const root = list.getRootNode();
            if (root.querySelector("dialog h3").textContent !== chip.querySelector("bdi").textContent)
              throw new Error("another quote is shown");
            seen.push(...[...root.querySelectorAll("dialog a")].map((link) => link.href));
          }
          return seen;
        }"""
    )
    assert links == []
    nothing_happened(visitor, site.origin, web.url)
