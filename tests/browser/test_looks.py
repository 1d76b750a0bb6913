"""The look that a chatbot is given: on the first visit, beside what the page says, and on a phone."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from conversations.chatbots.avatars import set_avatar
from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.conversations.pictures import png
from tests.live import Process

Watch = Callable[..., Watched]
LONG = "Fragen Sie uns zu allem, was Sie wissen"
DRESSED = {
    "color": "#0f766e",
    "theme": "dark",
    "position": "start",
    "language": "de",
    "launcher_text": LONG,
}


@pytest.fixture(scope="module")
def dressed(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace(**DRESSED)


def _seen(visitor: Watched) -> dict[str, Any]:
    """What a visitor sees of the launcher."""
    launcher = visitor.part(".launcher")
    expect(launcher).to_be_visible()
    box = launcher.bounding_box()
    assert box is not None
    found: dict[str, Any] = launcher.evaluate(
        """(launcher) => ({
          color: getComputedStyle(launcher).backgroundColor,
          scheme: getComputedStyle(launcher).colorScheme,
          text: launcher.innerText,
        })"""
    )
    return {**found, "is_left": box["x"] < 100}


AS_SET = {"color": "rgb(15, 118, 110)", "scheme": "dark", "text": LONG, "is_left": True}
# The page's attributes, and what they change.
SAID: list[tuple[dict[str, str], dict[str, object]]] = [
    ({}, {}),
    ({"color": "#0000ff"}, {"color": "rgb(0, 0, 255)"}),
    ({"theme": "light"}, {"scheme": "light"}),
    ({"theme": "visitor"}, {"scheme": "light dark"}),
    ({"position": "end"}, {"is_left": False}),
    ({"label": "Ask"}, {"text": "Ask"}),
    # Empty: the page wants none.
    ({"label": ""}, {"text": ""}),
]


@pytest.mark.parametrize(("said", "changed"), SAID)
def test_the_first_visit_has_the_look_and_the_page_the_last_word(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    dressed: Workspace,
    said: dict[str, str],
    changed: dict[str, object],
) -> None:
    attributes = " ".join(f'data-{name}="{value}"' for name, value in said.items())
    address = f"{web.url}/widget/v1.js?key={dressed.publishable_key}"
    visitor = watch()
    visitor.page.goto(
        site.add(f"<!doctype html><html lang='en'><script src='{address}' {attributes}></script>")
    )
    assert _seen(visitor) == {**AS_SET, **changed}
    # Nothing was asked of anybody yet: it came with the script.
    assert visitor.page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("way", ["data-key alone", "another key than the address"])
def test_without_a_look_in_the_script_the_last_chat_tells_it(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    dressed: Workspace,
    way: str,
) -> None:
    query = f"?key={workspace.publishable_key}" if "another" in way else ""
    tag = f"<script src='{web.url}/widget/v1.js{query}' data-key='{dressed.publishable_key}'>"
    visitor = watch()
    visitor.page.goto(site.add(f"<!doctype html><html lang='en'>{tag}</script>"))
    assert _seen(visitor)["color"] == "rgb(37, 99, 235)"
    visitor.open()
    visitor.page.reload()
    assert _seen(visitor) == AS_SET
    expect(visitor.part(".launcher")).to_have_accessible_name(LONG)


@pytest.mark.parametrize("sources", ["", "img-src *"])
def test_the_picture_stands_above_the_chat_where_the_page_lets_it_in(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
    sources: str,
) -> None:
    own = make_workspace(name="Robin")
    beside(partial(_portray, own))
    address = f"{web.url}/widget/v1.js?key={own.publishable_key}"
    page = f"<!doctype html><html lang='en'><title>Shop</title><script src='{address}'></script>"
    policy = f"default-src 'none'; script-src {web.url}; connect-src *; {sources}"
    visitor = watch()
    visitor.page.goto(site.add(page, policy))
    visitor.open()
    picture = visitor.part(".avatar img")
    if sources:
        expect(picture).to_be_visible()
        assert picture.evaluate("(picture) => picture.naturalWidth") == 32
    else:
        visitor.page.wait_for_function("violations.length")
        expect(visitor.part(".avatar")).to_have_text("R")
        expect(picture).to_have_count(0)
    assert visitor.axe() == []


def _portray(made: Workspace) -> None:
    with tenant_context(made.tenant.id):
        set_avatar(chatbot_id=made.chatbot_id, content=png())


def test_it_speaks_the_language_that_is_set(
    watch: Watch, site: Site, web: Process, make_workspace: Callable[..., Workspace]
) -> None:
    own = make_workspace(language="fa")
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key))
    assert visitor.part(".launcher").get_attribute("aria-label") == "گفتگو"
    visitor.page.evaluate("chatbot('update', { lang: '' })")
    assert visitor.part(".launcher").get_attribute("aria-label") == "Chat"


def test_a_long_text_wraps_on_every_screen(
    watch: Watch, site: Site, web: Process, dressed: Workspace
) -> None:
    visitor = watch()
    for lang, label in (("de", LONG), ("fa", "هر چه می‌خواهید از ما بپرسید، اینجا هستیم")):
        visitor.page.goto(
            site.address(web.url, dressed.publishable_key, lang=lang, label=label, theme="visitor")
        )
        for look in visitor.looks(f"launcher {lang}"):
            box = visitor.part(".launcher").bounding_box()
            assert box is not None
            assert box["height"] <= 76, look
            assert box["x"] >= 20, look
            assert box["x"] + box["width"] <= look[0] - 20, look
        assert visitor.axe() == []
    visitor.open()
    # Open, it is the round button again, and the panel stands on the same side.
    launcher, panel = (visitor.part(each).bounding_box() for each in (".launcher", ".panel"))
    assert launcher is not None
    assert panel is not None
    assert (launcher["width"], launcher["height"]) == (56, 56)
    assert launcher["x"] + 56 == panel["x"] + panel["width"]
