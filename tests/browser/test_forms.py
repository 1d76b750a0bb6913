"""What the test of every form would miss, on pages made for it: forms that nobody sends, and forms that
cannot be sent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.forms import Forms
from tests.browser.watched import Watched

HOST = "http://kiln.localhost"
FORM = '<form method="post" action="/account/name"><input name="name"><button>Save</button></form>'
SEARCH = '<form action="/audit"><input type="search" name="q"><button>Save</button></form>'
READ_ONLY = '<form method="post" action="/account/password"><input type="hidden" name="a"></form>'
NO_REFERRER = '<meta name="referrer" content="no-referrer">'


def show(watched: Watched, html: str, status: int = 200) -> Page:
    """A page of nobody's, whose forms get this answer."""

    def answer(route: Route) -> None:
        posted = route.request.method == "POST"
        route.fulfill(
            status=status if posted else 200,
            content_type="text/html",
            body=f"<!doctype html><title>Page</title>{'' if posted else html}",
        )

    watched.context.route("**/*", answer)
    watched.page.goto(f"{HOST}/account")
    return watched.page


@pytest.mark.parametrize(
    ("html", "unsent"),
    [
        (FORM, ["POST workspace change_name"]),
        (
            FORM + FORM.replace("account/name", "no/where"),
            ["POST workspace /no/where", "POST workspace change_name"],
        ),
        ('<form method="post"><button>Save</button></form>', ["POST workspace account"]),
        ('<button hx-post="/logout">Log out</button>', ["POST workspace logout"]),
        (SEARCH, ["GET workspace audit"]),
        (READ_ONLY, []),
    ],
)
def test_a_form_that_nobody_sends_is_named(
    watch: Callable[..., Watched], html: str, unsent: list[str]
) -> None:
    watched, forms = watch(), Forms()
    forms.watch(watched.context)
    forms.crawl(show(watched, html), f"{HOST}/account")
    assert forms.unsent() == unsent


@pytest.mark.parametrize(
    ("html", "status", "unsent"),
    [
        (FORM, 200, []),
        (SEARCH, 200, []),
        (FORM, 403, ["POST workspace change_name: 403"]),
        (FORM, 500, ["POST workspace change_name: 500"]),
        (NO_REFERRER + FORM, 200, ["POST workspace change_name: it went out with the origin null"]),
    ],
)
def test_a_form_that_is_not_taken_counts_as_not_sent(
    watch: Callable[..., Watched], html: str, status: int, unsent: list[str]
) -> None:
    watched, forms = watch(), Forms()
    forms.watch(watched.context)
    page = show(watched, html, status)
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    assert forms.unsent() == unsent


def test_a_form_that_comes_later_is_met_and_a_link_is_no_search(
    watch: Callable[..., Watched],
) -> None:
    watched, forms = watch(), Forms()
    forms.watch(watched.context)
    page = show(watched, f'{SEARCH}<a href="/audit?after=1">Next</a>')
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", FORM)
    page.wait_for_timeout(400)
    page.get_by_role("link").click()
    page.wait_for_url("**/audit?after=1")
    assert forms.unsent() == ["GET workspace audit", "POST workspace change_name"]
