"""What somebody needs who goes through the whole product in browsers: addresses, pages and rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from uuid import UUID, uuid4

from playwright.sync_api import Locator, Page, expect

from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.workspace.models import AuditEvent
from tests.browser.conftest import beside
from tests.browser.forms import Forms
from tests.browser.watched import Watched
from tests.mailbox import path_in, text_of, wait_for_mail

T = TypeVar("T")


def new_address() -> str:
    return f"p{uuid4().hex[:12]}@example.org"


@dataclass
class Tour:
    """One workspace and its people. `watch` opens a browser of somebody new."""

    watch: Callable[..., Watched]
    port: int
    forms: Forms = field(default_factory=Forms)
    slug: str = field(default_factory=lambda: f"w{uuid4().hex[:16]}")
    owner: str = field(default_factory=new_address)

    @property
    def platform(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def workspace(self) -> str:
        return f"http://{self.slug}.localhost:{self.port}"

    @cached_property
    def tenant_id(self) -> UUID:
        found: UUID = self.shared(lambda: Tenant.objects.get(slug=self.slug).pk)
        return found

    def open(self) -> Watched:
        watched = self.watch()
        self.forms.watch(watched.context)
        return watched

    def shared(self, query: Callable[[], T]) -> T:
        """What the platform's tables hold."""

        def read() -> T:
            with platform_context():
                return query()

        return beside(read)

    def stored(self, query: Callable[[], T]) -> T:
        """What the workspace's own tables hold."""

        def read() -> T:
            with tenant_context(self.tenant_id):
                return query()

        return beside(read)

    def told(self, action: str) -> int:
        """How many events of the workspace's trail are of this action."""
        return self.stored(lambda: AuditEvent.objects.filter(action=action).count())


def mailed(address: str, kind: str, number: int = 1) -> str:
    """The path of the link in the mail of that number to an address."""
    return path_in(text_of(wait_for_mail(address, number)), kind)


def fill(page: Page, fields: dict[str, str]) -> None:
    """By the labels of the fields."""
    for label, text in fields.items():
        # A section around the form may have the field's name.
        page.locator("form").get_by_label(label, exact=True).fill(text)


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def agree(page: Page, opener: str, name: str) -> None:
    """Opens a question, and says yes to it."""
    press(page, opener)
    press(page.get_by_role("dialog"), name)


def says(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def log_in(page: Page, url: str, address: str, password: str) -> None:
    page.goto(url)
    fill(page, {"E-mail address": address, "Password": password})
    press(page, "Log in")
