"""The pages whose address is a secret, in a real browser: a form that it may not send is no form."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.core import mail
from playwright.sync_api import Page, expect

from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.context import platform_context, tenant_context
from tenants.people.invitations import invite
from tenants.people.mail import send_reset_mail
from tenants.people.members import find_member
from tests.browser.conftest import beside
from tests.browser.watched import Watched
from tests.live import Process
from tests.mailbox import confirmation_path, newest_account
from tests.pages import PASSWORD, Person, make_member

NEW = "another battery 8 horse"


def _workspace() -> tuple[Workspace, Person]:
    made = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Kiln & Clay")
    return made, make_member(made.tenant)


def _invitation(made: Workspace, owner: Person, email: str) -> str:
    member = find_member(user_id=owner.id, tenant_id=made.tenant.id)
    assert member is not None
    with tenant_context(made.tenant.id):
        return invite(actor=member, email=email, role="agent")


def _reset_link(person: Person) -> str:
    with platform_context():
        assert send_reset_mail(person.email, "http://localhost") is True
    found = re.search(r"https?://[^/\s]+(/password/reset/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def test_somebody_new_joins_by_an_invitation(watch: Callable[..., Watched], web: Process) -> None:
    made, owner = beside(_workspace)
    email = f"p{uuid4().hex[:12]}@example.org"
    raw = beside(lambda: _invitation(made, owner, email))
    page = watch().page
    page.goto(f"http://{made.tenant.host}:{web.port}/invitations/{raw}")
    page.get_by_label("Name").fill("Robin Tester")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    assert page.url.rstrip("/") == f"http://{made.tenant.host}:{web.port}"


def test_a_forgotten_password_is_set_anew(watch: Callable[..., Watched], web: Process) -> None:
    made, owner = beside(_workspace)
    link = beside(lambda: _reset_link(owner))
    page = watch().page
    base = f"http://{made.tenant.host}:{web.port}"
    page.goto(base + link)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button").last.click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_label("E-mail address").fill(owner.email)
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()


def _sign_up(page: Page, platform: str, email: str) -> None:
    slug = f"w{uuid4().hex[:16]}"
    page.goto(f"{platform}/signup")
    page.get_by_label("Your name").fill("Robin Tester")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Company or team").fill("Kiln & Clay")
    page.get_by_label("Address", exact=True).fill(slug)
    page.get_by_role("button", name="Create the workspace").click()
    expect(page.get_by_role("heading", name="Your workspace is ready")).to_be_visible()


def test_who_signed_up_confirms_the_address(watch: Callable[..., Watched], web: Process) -> None:
    email = f"p{uuid4().hex[:12]}@example.org"
    watched, platform = watch(), f"http://localhost:{web.port}"
    page = watched.page
    _sign_up(page, platform, email)
    banner = page.get_by_role("heading", name="Confirm your e-mail address")
    expect(banner).to_be_visible()
    expect(page.get_by_text("each one is a file in")).to_be_visible()
    assert watched.axe() == []
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("button", name="Send the mail again").click()
    expect(page.get_by_text("The mail is on its way.")).to_be_visible()
    assert watched.axe() == []
    dashboard = page.url.rpartition("/")[0]
    page.goto(platform + beside(lambda: confirmation_path(newest_account(email))))
    assert watched.axe() == []
    # Who is logged in is not asked for the password again.
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_text("Your e-mail address is confirmed.")).to_be_visible()
    page.goto(f"{dashboard}/members")
    expect(page.get_by_role("heading", name="Members").first).to_be_visible()
    expect(banner).to_have_count(0)
    assert watched.errors == []
    assert watched.violations() == []


def test_a_link_in_another_browser_asks_for_the_password(
    watch: Callable[..., Watched], web: Process
) -> None:
    email, platform = f"p{uuid4().hex[:12]}@example.org", f"http://localhost:{web.port}"
    _sign_up(watch().page, platform, email)
    page = watch().page
    page.goto(platform + beside(lambda: confirmation_path(newest_account(email))))
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_text("Your e-mail address is confirmed.")).to_be_visible()
