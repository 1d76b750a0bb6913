"""Every form of the product is sent once, the way a person does it, and does what it says.

The browser itself collects the forms of all pages that the visitor, the owner, the agent, the viewer and
the operator come to; one that was met and not sent fails the test by its name, and so does a page of the
dashboard that nobody has been on.
"""

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from billing.models import Budget
from chatbot_saas.backoffice.site import site
from chatbot_saas.dashboard import platform_urls, urls
from conversations.chatbots.refusals import note_refused
from conversations.models import Chatbot, Conversation
from knowledge.models import Document
from tenants.models import APIKey, Invitation, Membership
from tests.browser.forms import PLATFORM, WORKSPACE, Form
from tests.browser.operator_tour import operate
from tests.browser.tour import Tour, agree, fill, log_in, mailed, new_address, press, says
from tests.browser.watched import Watched
from tests.conversations.pictures import png
from tests.live import Process
from tests.mailbox import newest_account
from tests.pages import PASSWORD, make_person

NEW, NEWEST = "another battery 8 horse", "the third staple 9 correct"
QUESTION = "When does the depot open?"
NOTE: FilePayload = {
    "name": "note.md",
    "mimeType": "text/markdown",
    "buffer": b"# Depot\n\nIt opens at six.\n",
}
AGENT = "Robin Agent"


def role(tour: Tour, address: str) -> str | None:
    found = Membership.objects.filter(tenant_id=tour.tenant_id, user__email=address)
    return tour.shared(lambda: found.values_list("role", flat=True).first())


def key_states(tour: Tour, kind: str) -> list[bool]:
    """Of each key, oldest first: whether it counts."""
    found = APIKey.objects.filter(tenant_id=tour.tenant_id, kind=kind).order_by("created_at")
    return tour.shared(lambda: [each.revoked_at is None for each in found])


def sign_up(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.platform}/signup")
    person = {"Your name": "Robin Owner", "E-mail address": tour.owner, "Password": PASSWORD}
    fill(page, {**person, "Company or team": "Kiln", "Address": tour.slug})
    press(page, "Create the workspace")
    says(page, "Your workspace is ready")
    assert tour.shared(lambda: newest_account(tour.owner)).confirmed_at is None
    assert role(tour, tour.owner) == "owner"
    page.goto(f"{tour.platform}/workspaces")
    press(page, "Send the mail again")
    says(page, "The mail is on its way.")
    tour.forms.crawl(page, f"{tour.platform}/workspaces")


def confirm(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.platform}/workspaces")
    press(page, "Open Kiln")
    page.wait_for_url(f"{tour.workspace}/")
    assert tour.told("login.entered") == 2
    press(page, "Send the mail again")
    says(page, "The mail is on its way.")
    page.goto(tour.platform + mailed(tour.owner, "confirm", 3))
    press(page, "Confirm the address")
    says(page, "Your e-mail address is confirmed.")
    assert tour.shared(lambda: newest_account(tour.owner)).confirmed_at is not None


def come_back(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.platform}/workspaces/new")
    fill(page, {"Company or team": "Kiln two", "Address": f"{tour.slug}-two"})
    press(page, "Create the workspace")
    says(page, "Your workspace is ready")
    owned = Membership.objects.filter(user__email=tour.owner, role="owner")
    assert tour.shared(owned.count) == 2
    page.goto(f"{tour.platform}/workspaces")
    press(page, "Log out")
    says(page, "You are logged out")
    page.goto(f"{tour.workspace}/")
    page.wait_for_url("**/login?next=**")


def forget(tour: Tour, page: Page, base: str, number: int, password: str) -> None:
    """The password, on one host; the mail's number is that of all mails to the owner."""
    page.goto(f"{base}/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    fill(page, {"E-mail address": tour.owner})
    press(page, "Send me a link")
    expect(page.get_by_role("heading")).to_be_visible()
    page.goto(base + mailed(tour.owner, "password/reset", number))
    fill(page, {"New password": password})
    press(page, "Save the password")
    says(page, "Your password is changed.")
    log_in(page, f"{base}/login", tour.owner, password)


def remember(tour: Tour, page: Page) -> None:
    forget(tour, page, tour.platform, 4, NEW)
    expect(page.get_by_role("button", name="Open Kiln", exact=True)).to_be_visible()
    forget(tour, page, tour.workspace, 5, PASSWORD)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert tour.told("account.password_reset") == 2
    assert tour.told("login.succeeded") == 1


def change_account(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.workspace}/account")
    fill(page, {"Your name": "Robin Potter"})
    # As when the page has stood open for too long.
    page.context.clear_cookies(name="csrf")
    press(page, "Save the name")
    press(page, "Send it again")
    says(page, "Your name is changed.")
    assert tour.shared(lambda: newest_account(tour.owner)).name == "Robin Potter"
    fill(page, {"Current password": PASSWORD, "New password": NEWEST})
    press(page, "Change the password")
    says(page, "Your password is changed.")
    assert tour.told("account.password_changed") == 1
    moved = new_address()
    fill(page, {"E-mail address": moved, "Your password": NEWEST})
    press(page, "Send a link there")
    says(page, f"A link is on its way to {moved}.")
    page.goto(tour.platform + mailed(moved, "confirm"))
    fill(page, {"Password": NEWEST})
    press(page, "Confirm the address")
    says(page, "Your e-mail address is confirmed.")
    tour.owner = tour.shared(lambda: newest_account(moved)).email


def feed(tour: Tour, page: Page) -> None:
    """Documents: added, sent again after a failure, and one deleted."""
    page.goto(f"{tour.workspace}/knowledge")
    for _ in range(2):
        page.get_by_label("Drop files here, or choose them").set_input_files([NOTE])
        expect(page.locator(".state").get_by_text("Ready", exact=True)).to_be_visible(
            timeout=60_000
        )
        assert tour.stored(lambda: Document.objects.get().status) == "ready"
        tour.stored(lambda: Document.objects.update(status="failed", error="It was lost."))
        page.reload()
        says(page, "It was lost.")
    assert tour.told("document.retried") == 1
    title = tour.stored(lambda: Document.objects.get().title)
    press(page, f"Retry {title}")
    says(page, f"{title} is read once more.")
    expect(page.locator(".state").get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    filters = page.get_by_role("search")
    filters.get_by_label("Search").fill("no such name")
    press(filters, "Search")
    says(page, "Nothing was found")
    page.get_by_role("link", name="Show all").click()
    page.get_by_label(f"Choose {title}").check()
    press(page, "Delete the chosen ones")
    says(page, "Delete one document?")
    page.get_by_role("link", name="Cancel").click()
    agree(page, f"Delete {title}", "Delete")
    says(page, f"{title} is deleted.")
    assert tour.stored(Document.objects.count) == 0
    page.get_by_label("Drop files here, or choose them").set_input_files([NOTE])
    expect(page.locator(".state").get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_label("All on this page").check()
    press(page, "Delete the chosen ones")
    press(page, "Delete one document")
    says(page, "1 document is deleted.")
    assert tour.stored(Document.objects.count) == 0
    page.get_by_label("Drop files here, or choose them").set_input_files([NOTE])
    expect(page.locator(".state").get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    page.locator("#documents").get_by_role("link").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == NOTE["name"]
    assert download.value.path().read_bytes() == NOTE["buffer"]


def ask(tour: Tour) -> None:
    """A visitor, on the page that the platform hosts, and a second one whose talk is deleted later."""
    chatbot = tour.stored(lambda: Chatbot.objects.get().pk)
    for _ in range(2):
        visitor = tour.open()
        visitor.page.goto(f"{tour.workspace}/c/{chatbot}")
        visitor.ask(QUESTION)
        expect(visitor.answered()).to_contain_text("six")
    assert tour.stored(Conversation.objects.count) == 2


def search(tour: Tour, page: Page) -> None:
    for path, found in (("conversations", QUESTION), ("audit", "Added a document")):
        page.goto(f"{tour.workspace}/{path}")
        page.get_by_label("Search").fill("depot" if path == "conversations" else "added")
        press(page, "Search")
        expect(page.locator("#results")).to_contain_text(found)
        page.get_by_label("Search").fill("nothing-has-this")
        expect(page.locator("#results")).to_contain_text("Nothing was found")
    page.goto(f"{tour.workspace}/conversations")
    with page.expect_download() as downloaded:
        press(page, "CSV download")
    assert QUESTION in downloaded.value.path().read_text(encoding="utf-8")
    assert tour.told("conversation.exported") == 1
    page.get_by_role("link", name=QUESTION).first.click()
    agree(page, "Delete", "Delete")
    page.wait_for_url("**/conversations")
    assert tour.stored(Conversation.objects.count) == 1


def handle_keys(tour: Tour, page: Page) -> None:
    for name in ("Reports", "Importer"):
        page.goto(f"{tour.workspace}/keys")
        fill(page, {"Name": name})
        press(page, "Create the key")
        says(page, f"The key “{name}” is made")
    assert key_states(tour, "secret") == [True, True]
    agree(page, "Revoke Importer", "Revoke")
    expect(page.get_by_role("button", name="Revoke Importer")).to_have_count(0)
    agree(page, "Revoke Widget", "Revoke")
    expect(page.get_by_role("button", name="Revoke Widget")).to_have_count(0)
    assert (key_states(tour, "secret"), key_states(tour, "publishable")) == ([True, False], [False])
    page.goto(f"{tour.workspace}/install")
    press(page, "Create a key")
    says(page, "1. Copy this line before the end of your page")
    assert key_states(tour, "publishable") == [False, True]


def allow(tour: Tour, page: Page) -> None:
    """An origin that was refused."""
    first = Chatbot.objects.order_by("created_at")
    tour.stored(lambda: note_refused(chatbot_id=first[0].pk, origin="https://shop.example"))
    page.goto(f"{tour.workspace}/install")
    press(page, "Allow https://shop.example")
    says(page, "https://shop.example may show the chatbot now.")
    assert "https://shop.example" in tour.stored(lambda: first[0].allowed_origins)


def share(tour: Tour, page: Page) -> None:
    """A secret with the customer's own server, by the keyboard."""
    page.goto(f"{tour.workspace}/install")
    page.get_by_role("button", name="Create an identity secret").press("Enter")
    secret = page.locator("#new-secret").inner_text()
    hint = secret[-4:]
    page.get_by_role("button", name=f"Revoke {hint}").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).press("Enter")
    says(page, "The secret is revoked: what is signed with it names nobody.")
    expect(page.get_by_role("button", name=f"Revoke {hint}")).to_have_count(0)
    assert (tour.told("identity_secret.created"), tour.told("identity_secret.revoked")) == (1, 1)


def bound(tour: Tour, page: Page) -> None:
    """The month's money, by the keyboard alone from the form's first field on."""
    page.goto(f"{tour.workspace}/usage")
    fill(page, {"US dollars a month (optional)": "4.50"})
    page.keyboard.press("Tab")
    page.keyboard.type("60, 90")
    page.keyboard.press("Enter")
    says(page, "The budget counts from the next question on.")
    assert tour.stored(lambda: str(Budget.objects.get())) == "4.500000000"
    assert tour.told("budget.changed") == 1


def handle_chatbots(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.workspace}/chatbots")
    fill(page, {"Name": "Second"})
    press(page, "Create")
    expect(page.get_by_role("heading", name="Second", exact=True)).to_be_visible()
    page.locator("#settings").get_by_label("Welcome").fill("Come in.")
    press(page, "Save")
    second = Chatbot.objects.filter(name="Second")
    # The page that was made has a message, too.
    expect(page.locator("#messages")).to_contain_text("Saved.")
    assert tour.stored(lambda: second.get().welcome) == "Come in."
    portrait: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": png()}
    page.get_by_label("File").set_input_files([portrait])
    press(page, "Save the picture")
    expect(page.get_by_role("img", name="The picture now")).to_be_visible()
    assert tour.stored(lambda: second.get().avatar).endswith(".png")
    press(page, "Take it away")
    expect(page.get_by_role("img", name="The picture now")).to_have_count(0)
    page.get_by_label("Name of the chatbot").fill("Second")
    press(page, "Delete for good")
    page.wait_for_url("**/chatbots")
    assert tour.stored(second.filter(removed_at=None).count) == 0


def invite(tour: Tour, page: Page, address: str, chosen: str) -> None:
    page.goto(f"{tour.workspace}/members")
    fill(page, {"E-mail address": address})
    page.get_by_label("Role", exact=True).select_option(chosen)
    press(page, "Invite")
    expect(page.locator("#invitation-link")).to_be_visible()


def gather(tour: Tour, page: Page) -> tuple[Watched, Watched]:
    """An agent who is new here, a viewer who has an account, and somebody whose invitation ends."""
    person = tour.shared(lambda: make_person("Robin Viewer").email)
    agent, nobody = new_address(), new_address()
    for address, chosen in ((person, "viewer"), (agent, "agent"), (nobody, "admin")):
        invite(tour, page, address, chosen)
    agree(page, f"Revoke {nobody}", "Revoke")
    says(page, "The invitation is revoked.")
    ended = Invitation.objects.filter(email=nobody, revoked_at__isnull=False)
    assert tour.shared(ended.count) == 1
    agents, viewers = tour.open(), tour.open()
    agents.page.goto(tour.workspace + mailed(agent, "invitations"))
    fill(agents.page, {"Your name": AGENT, "Password": PASSWORD})
    viewers.page.goto(tour.workspace + mailed(person, "invitations"))
    fill(viewers.page, {"Password": PASSWORD})
    for watched in (agents, viewers):
        press(watched.page, "Join")
        expect(watched.page.get_by_role("heading", name="Overview")).to_be_visible()
    assert (role(tour, agent), role(tour, person)) == ("agent", "viewer")
    page.goto(f"{tour.workspace}/members")
    page.get_by_label(f"Role of {person}").select_option("admin")
    press(page, f"Change {person}")
    says(page, "The role is changed.")
    assert role(tour, person) == "admin"
    page.get_by_label(f"Role of {person}").select_option("viewer")
    press(page, f"Change {person}")
    says(page, "The role is changed.")
    return agents, viewers


def part(tour: Tour, owner: Page, agent: Page, viewer: Page) -> None:
    """The viewer leaves, the agent is removed, and the owner logs out."""
    viewer.goto(f"{tour.workspace}/members")
    agree(viewer, "Leave", "Leave")
    viewer.wait_for_url("**/login")
    owner.goto(f"{tour.workspace}/members")
    address = owner.get_by_role("row", name=AGENT).locator(".hint").first.inner_text()
    agree(owner, f"Remove {address}", "Remove")
    says(owner, "The member is removed.")
    everybody = Membership.objects.filter(tenant_id=tour.tenant_id)
    assert tour.shared(everybody.count) == 1
    agent.goto(f"{tour.workspace}/")
    agent.wait_for_url("**/login?next=**")
    owner.get_by_role("button", name="Log out").first.click()
    says(owner, "You are logged out")
    assert tour.told("login.ended") == 1


def pages() -> set[tuple[str, str]]:
    """Every route of the dashboard, of the platform's pages and of what the admin can do."""
    found = {(PLATFORM, str(each.name)) for each in platform_urls.urlpatterns}
    found |= {(WORKSPACE, str(each.name)) for each in urls.urlpatterns}
    # Files, and what a page asks for again and again while somebody waits.
    found -= {
        (WORKSPACE, name)
        for name in ("usage_csv", "audit_csv", "export_conversations", "original", "sightings")
    }
    for model, admin in site._registry.items():
        for name in ("changelist", "change", *getattr(admin, "actions_detail", ())):
            label = f"{model._meta.app_label}_{model._meta.model_name}"
            found.add((PLATFORM, f"admin:{label}_{name}"))
    return found


def test_every_form_is_sent_and_does_what_it_says(
    watch: Callable[..., Watched], web: Process, worker: Process
) -> None:
    tour = Tour(watch, web.port)
    owner = tour.open().page
    tour.forms.crawl(owner, f"{tour.platform}/")
    tour.forms.crawl(owner, f"{tour.platform}/login")
    for step in (sign_up, confirm, come_back, remember, change_account, feed):
        step(tour, owner)
    ask(tour)
    for step in (search, handle_keys, allow, share, bound, handle_chatbots):
        step(tour, owner)
    agent, viewer = gather(tour, owner)
    for page in (owner, agent.page, viewer.page):
        tour.forms.crawl(page, f"{tour.workspace}/")
    operate(tour)
    part(tour, owner, agent.page, viewer.page)
    assert Form("SOCKET", WORKSPACE, "widget") in tour.forms.met
    assert tour.forms.unsent() == []
    assert sorted(pages() - tour.forms.visited) == []
