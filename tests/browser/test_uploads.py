"""Files that a person drops, on a server that is busy."""

from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import FilePayload, Route, expect

from conversations.chatbots.onboarding import create_workspace
from tenants.people.memberships import add_member
from tests.browser.conftest import beside
from tests.browser.tour import log_in
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD, Person, make_person


def _owner(slug: str) -> tuple[str, Person]:
    person = make_person()
    made = create_workspace(slug=slug, name="Kiln")
    add_member(tenant_id=made.tenant.id, user_id=person.id, role="owner")
    return made.tenant.host, person


def test_a_file_that_is_told_to_wait_is_sent_again_and_the_others_after_it(
    watch: Callable[..., Watched], web: Process, worker: Process
) -> None:
    host, person = beside(lambda: _owner(f"w{uuid4().hex[:16]}"))
    page, told = watch().page, list[int]()

    def be_busy(route: Route) -> None:
        told.append(429 if len(told) in {0, 1} else 0)
        if told[-1]:
            route.fulfill(status=429, headers={"Retry-After": "1"}, body="Wait.")
        else:
            route.continue_()

    page.route("**/knowledge/upload", be_busy)
    log_in(page, f"http://{host}:{web.port}/login?next=/knowledge", person.email, PASSWORD)
    # Its script listens from then on.
    page.wait_for_url("**/knowledge", wait_until="load")
    files: list[FilePayload] = [
        {"name": f"{n}.md", "mimeType": "text/markdown", "buffer": f"The {n} is six.".encode()}
        for n in ("first", "second")
    ]
    page.get_by_label("Drop files here, or choose them").set_input_files(files)
    for name in ("first.md", "second.md"):
        expect(page.locator("#documents").get_by_role("link", name=name)).to_be_visible(
            timeout=60_000
        )
    expect(page.locator("#sending")).to_be_hidden()
    assert told == [429, 429, 0, 0]
