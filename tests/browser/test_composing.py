"""Chinese, Japanese and Korean are written with Enter as well: it chooses a word and sends nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.live import Process

Watch = Callable[..., Watched]
# What is typed on the way to a word, and the word.
WRITTEN = {
    "Chinese": (["n", "ni", "nih", "nihao"], "你好"),
    "Japanese": (["k", "か", "かぎ"], "鍵"),
    "Korean": (["ㅂ", "비", "비밀"], "비밀"),
}


@pytest.fixture
def visitor(watch: Watch, site: Site, web: Process, workspace: Workspace) -> Watched:
    watched = watch()
    watched.page.goto(site.address(web.url, workspace.publishable_key))
    watched.open()
    watched.part("textarea").focus()
    return watched


def press(session: CDPSession, key: str, code: int) -> None:
    """A key as an input method reports it."""
    about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **about})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **about})


@pytest.mark.parametrize("language", WRITTEN)
def test_an_enter_that_chooses_a_word_does_not_send(visitor: Watched, language: str) -> None:
    steps, word = WRITTEN[language]
    session = visitor.context.new_cdp_session(visitor.page)
    for step in steps:
        place = {"selectionStart": len(step), "selectionEnd": len(step)}
        session.send("Input.imeSetComposition", {"text": step, **place})
    # It leaves the list of words, and not the chat.
    press(session, "Escape", 229)
    press(session, "Enter", 229)
    expect(visitor.part(".panel")).to_be_visible()
    expect(visitor.part("textarea")).to_have_value(steps[-1])
    session.send("Input.insertText", {"text": word})
    expect(visitor.part("textarea")).to_have_value(word)
    expect(visitor.part(".mine")).to_have_count(0)
    visitor.page.keyboard.press("Enter")
    expect(visitor.part(".mine")).to_contain_text(word)
    assert visitor.errors == []


@pytest.mark.parametrize(
    "about",
    [{"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}],
    ids=["most browsers", "Safari, when the word is chosen"],
)
@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_the_key_of_every_browsers_input_method_is_left_to_it(
    visitor: Watched, about: dict[str, object], key: str
) -> None:
    visitor.part("textarea").fill("你好")
    is_free = visitor.part("textarea").evaluate(
        """(field, about) => field.dispatchEvent(new KeyboardEvent("keydown",
             { ...about, bubbles: true, composed: true, cancelable: true }))""",
        {**about, "key": key},
    )
    assert is_free
    expect(visitor.part(".mine")).to_have_count(0)
    expect(visitor.part(".panel")).to_be_visible()
    visitor.part("textarea").press("Enter")
    expect(visitor.part(".mine")).to_contain_text("你好")
