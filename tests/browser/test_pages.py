"""Every page of the dashboard: no error, violation, barrier or sideways scroll, wide and narrow, light
and dark, in a workspace with ten thousand conversations and long names, and in an empty one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from billing.budgets import set_budget
from conversations.chatbots.identity_secrets import create_identity_secret
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.chatbots.refusals import note_refused
from conversations.chatbots.sightings import note_sighting
from conversations.models import Chatbot, Citation, Turn
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import tenant_context
from tenants.people.accounts import rename
from tenants.workspace.services import SYSTEM
from tests.browser.conftest import HANDBOOK, SUGGESTIONS, beside
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.conversations.client import Chat, ingest
from tests.dashboard.crowd import LONG, fill
from tests.live import Process
from tests.pages import Person, make_member, user_of

PAGES = [
    "/",
    "/conversations",
    "/conversations?q=nothing-has-this-word",
    "/conversations/{conversation}",
    "/conversations/{conversation}/turns/{turn}",
    "/knowledge",
    "/knowledge?q=nothing-has-this-name",
    "/knowledge?state=failed",
    "/knowledge/{document}",
    "/chatbots",
    "/chatbots/{chatbot}",
    "/chatbots/{chatbot}/install",
    "/usage",
    "/keys",
    "/conversations/{document}",
]
# The last one is not there, which a browser's console tells as well.
NOT_FOUND = "the server responded with a status of 404"
Place = tuple[Workspace, Person, dict[str, Any]]


def _fill(made: Workspace, web: Process, origin: str) -> dict[str, Any]:
    document = ingest(made.tenant.id, "handbook.md", HANDBOOK)
    fill(made.tenant.id)
    with Chat(web.socket_url, made.publishable_key, origin=origin) as visitor:
        visitor.answer("What is the access code?")
    with tenant_context(made.tenant.id):
        source = Document.objects.values_list("source_id", flat=True)[0]
        states: list[dict[str, Any]] = [
            {"status": "failed", "error": "The file is protected by a password. " * 4},
            {"status": "processing", "stage": "embedding", "chunks_total": 90, "chunks_done": 40},
            {"status": "processing", "stage": "reading", "pages_total": 9, "pages_done": 4},
            {"status": "queued"},
        ]
        for state in states:
            Document.objects.create(
                source_id=source,
                filename=LONG,
                title=LONG,
                content_hash=uuid4().hex,
                size=9,
                **state,
            )
        Chatbot.objects.update(name=LONG[:120], suggested_questions=SUGGESTIONS)
        person = make_member(made.tenant, "admin")
        set_budget(amount=Decimal("4.50"), alert_recipients=[person.id], actor=str(person.id))
        for actor in (str(person.id), SYSTEM):
            create_identity_secret(chatbot_id=made.chatbot_id, actor=actor)
        note_sighting(chatbot_id=made.chatbot_id, origin=origin)
        note_sighting(chatbot_id=made.chatbot_id, origin="https://shop.example.com")
        note_refused(chatbot_id=made.chatbot_id, origin=f"https://{'long-name.' * 15}example.com")
        note_refused(chatbot_id=made.chatbot_id, origin="http://localhost:3000")
        # A failed one whose file is kept can be read again.
        kept, _ = create_document(filename=LONG, content=b"%PDF-1.7", queued=False)
        Document.objects.filter(pk=kept.id).update(status="failed", error="It is damaged.")
        turn = Turn.objects.filter(status="completed").order_by("-started_at")[0]
        # Something in its answer is not what the passage says, and something more was left out.
        Citation.objects.filter(message__turn=turn).update(supported=False)
        Turn.objects.filter(pk=turn.pk).update(trace={**turn.trace, "left_out": [LONG[:200]]})
    return {"conversation": turn.conversation_id, "turn": turn.pk, "document": document}


def _make(web: Process, *, crowded: bool) -> Place:
    slug = f"w{uuid4().hex[:16]}"
    origin = f"http://{slug}.localhost:{web.port}"
    made = create_workspace(slug=slug, name=LONG[:120] if crowded else "New", origins=[origin])
    person = make_member(made.tenant, "owner")
    ids = {
        "chatbot": made.chatbot_id,
        "document": uuid4(),
        "conversation": uuid4(),
        "turn": uuid4(),
    }
    if crowded:
        rename(user=user_of(person), name=LONG[:120])
        ids |= _fill(made, web, origin)
    return made, person, ids


@pytest.fixture(scope="module")
def crowd(web: Process) -> Place:
    return beside(lambda: _make(web, crowded=True))


@pytest.fixture(scope="module")
def empty(web: Process) -> Place:
    return beside(lambda: _make(web, crowded=False))


def test_every_page_is_in_order(web: Process, crowd: Place, watch: Callable[..., Watched]) -> None:
    made, person, ids = crowd
    base = f"http://{made.tenant.host}:{web.port}"
    watched, faults = watch(), []
    log_in(watched, base, person)
    for path in PAGES:
        watched.page.goto(base + path.format(**ids))
        faults += watched.faults(path)
    assert faults == []
    errors = [error for error in watched.errors if NOT_FOUND not in error]
    assert errors == []
    assert watched.origins == {base}


def test_the_question_before_many_are_deleted_is_in_order(
    web: Process, crowd: Place, watch: Callable[..., Watched]
) -> None:
    made, person, _ = crowd
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch()
    log_in(watched, base, person)
    watched.page.goto(f"{base}/knowledge")
    boxes = watched.page.locator("#documents tbody input[type=checkbox]")
    watched.page.get_by_label("All on this page").press("Space")
    number = boxes.count()
    expect(watched.page.locator("#documents tbody input:checked")).to_have_count(number)
    watched.page.get_by_role("button", name="Delete the chosen ones").press("Enter")
    question = watched.page.get_by_role("heading", name=f"Delete {number} documents?")
    expect(question).to_be_visible()
    assert watched.faults("delete-many") == []
    assert watched.errors == []


def test_nothing_is_cut_on_the_narrowest_phone_in_either_direction(
    web: Process, crowd: Place, watch: Callable[..., Watched]
) -> None:
    made, person, ids = crowd
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch(viewport={"width": 320, "height": 640})
    log_in(watched, base, person)
    for path in PAGES:
        watched.page.goto(base + path.format(**ids))
        for direction in ("ltr", "rtl"):
            width = watched.page.evaluate(
                """(direction) => {
                  document.documentElement.dir = direction;
                  return document.scrollingElement.scrollWidth;
                }""",
                direction,
            )
            assert width == 320, (path, direction)


def test_every_page_of_a_new_workspace_says_the_next_step(
    web: Process, empty: Place, watch: Callable[..., Watched]
) -> None:
    made, person, ids = empty
    base = f"http://{made.tenant.host}:{web.port}"
    watched, faults = watch(), []
    log_in(watched, base, person)
    for path in ("/", "/conversations", "/knowledge", "/chatbots", "/usage", "/keys"):
        watched.page.goto(base + path.format(**ids))
        faults += watched.faults(f"new {path}")
    assert faults == []
    assert watched.errors == []


def test_the_menu_of_a_phone_opens_and_leads_on(
    web: Process, empty: Place, watch: Callable[..., Watched]
) -> None:
    made, person, _ = empty
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch(viewport={"width": 375, "height": 800})
    log_in(watched, base, person)
    watched.page.locator(".topbar summary").press("Enter")
    menu = watched.page.locator(".topbar")
    expect(menu.get_by_role("link", name="Knowledge")).to_be_visible()
    assert watched.axe() == []
    menu.get_by_role("link", name="Knowledge").press("Enter")
    expect(watched.page.get_by_role("heading", name="Knowledge")).to_be_visible()


def test_the_preview_follows_what_is_typed_and_answers(
    web: Process, crowd: Place, watch: Callable[..., Watched]
) -> None:
    made, person, ids = crowd
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch()
    log_in(watched, base, person)
    watched.page.goto(f"{base}/chatbots/{ids['chatbot']}")
    expect(watched.part(".suggestions .chip")).to_have_count(2)
    watched.page.get_by_label("Name", exact=True).fill("Night desk")
    watched.page.get_by_label("Welcome").fill("Good evening.")
    watched.page.get_by_label("Suggested questions").fill("What is the access code?")
    watched.page.get_by_label("Colour").fill("#0f766e")
    watched.page.get_by_label("Light or dark").select_option("Dark")
    watched.page.get_by_label("Side of the page").select_option("start")
    watched.page.get_by_label("Text beside the icon").fill("Ask us")
    expect(watched.part(".name")).to_have_text("Night desk")
    expect(watched.part(".reply").first).to_contain_text("Good evening.")
    expect(watched.part(".suggestions .chip")).to_have_count(1)
    expect(watched.part(".launcher")).to_have_css("background-color", "rgb(15, 118, 110)")
    expect(watched.part(".panel")).to_have_css("color-scheme", "dark")
    # The place of the preview is its page: the launcher stands on the other side of that.
    place = watched.page.locator("#preview").bounding_box()
    launcher = watched.part(".launcher").bounding_box()
    assert place is not None
    assert launcher is not None
    assert launcher["x"] - place["x"] < 30
    watched.part(".launcher").click()
    expect(watched.part(".launcher")).to_have_accessible_name("Ask us")
    watched.part(".launcher").click()
    watched.page.get_by_label("Language of the buttons").select_option("de")
    expect(watched.part("textarea")).to_have_attribute("placeholder", "Stellen Sie eine Frage …")
    watched.part(".suggestions .chip").click()
    answer = watched.answered()
    expect(answer).to_contain_text("48213")
    watched.picture("preview")
    assert watched.axe() == []
    assert watched.errors == []
    assert watched.violations() == []


def test_files_are_dropped_refused_and_followed_without_a_reload(
    web: Process, empty: Place, watch: Callable[..., Watched]
) -> None:
    made, person, _ = empty
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch()
    log_in(watched, base, person)
    page = watched.page
    page.goto(f"{base}/knowledge")
    page.evaluate(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["The depot opens at six."], "hours.md"));
          dropped.items.add(new File([new Uint8Array(25_500_000)], "huge.pdf"));
          dropped.items.add(new File(["Deliveries come on Tuesdays."], "deliveries.txt"));
          document.getElementById("upload").dispatchEvent(
            new DragEvent("drop", { dataTransfer: dropped, cancelable: true, bubbles: true }));
        }"""
    )
    documents = page.locator("#documents")
    expect(documents).to_contain_text("deliveries.txt")
    expect(documents).to_contain_text("hours.md")
    refused = page.locator("#sending")
    expect(refused).to_contain_text("huge.pdf")
    expect(refused).to_contain_text("larger than 25 MB")
    expect(documents.locator(".state")).to_have_count(2)
    watched.picture("dropped")

    def be_read() -> None:
        with tenant_context(made.tenant.id):
            Document.objects.update(status="ready", stage="done")

    beside(be_read)
    expect(documents.get_by_text("Ready")).to_have_count(2)
    assert watched.axe() == []


def test_deleting_asks_and_can_be_left_with_the_keyboard(
    web: Process, crowd: Place, watch: Callable[..., Watched]
) -> None:
    made, person, ids = crowd
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch(viewport={"width": 375, "height": 800})
    log_in(watched, base, person)
    page = watched.page
    page.goto(f"{base}/conversations/{ids['conversation']}")
    page.get_by_role("button", name="Delete").first.press("Enter")
    question = page.get_by_role("dialog", name="Delete this conversation?")
    expect(question).to_be_visible()
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    watched.picture("asks")
    assert watched.axe() == []
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert watched.errors == []
