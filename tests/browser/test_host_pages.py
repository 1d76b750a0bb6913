"""Pages of all kinds that the widget is put on: their styles, hot keys, names and ways of loading it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.live import Process

Watch = Callable[..., Watched]
Html = Callable[..., str]
# By each of them, what is fixed in the body would be fixed to it, and not to the window.
FRAMES = {
    "transform": "transform: translateX(40px)",
    "filter": "filter: grayscale(1)",
    "zoom": "zoom: 1.7",
    "contain": "contain: paint; height: 200px",
    "perspective": "perspective: 500px; margin-top: 300px",
}
HOT_KEYS = """
window.hot = [];
for (const name of ["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "copy", "cut"]) {
  document.addEventListener(name, (event) => {
    if (!["INPUT", "TEXTAREA"].includes(event.target.tagName)) hot.push(`${name} ${event.key}`);
  });
}
"""


def _page(head: str = "", body: str = "<h1>Shop</h1>", *, style: str = "") -> str:
    return (
        f"<!doctype html><html lang='en'><head><title>Shop</title>{head}</head>"
        f"<body style='{style}'>{body}</body></html>"
    )


@pytest.fixture
def script(web: Process, workspace: Workspace) -> str:
    """The attributes of the script's element."""
    return f'src="{web.url}/widget/v1.js" data-key="{workspace.publishable_key}"'


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("width", [1280, 375])
def test_it_stays_at_the_windows_corner_whatever_the_body_is(
    *, watch: Watch, site: Site, script: str, frame: str, width: int
) -> None:
    boxes = []
    for style in ("", FRAMES[frame]):
        body = "<p style='height: 3000px'>Shop</p>"
        visitor = watch(viewport={"width": width, "height": 800})
        visitor.page.goto(site.add(_page(f"<script {script} async></script>", body, style=style)))
        visitor.page.evaluate("scrollTo(0, 120)")
        closed = visitor.part(".launcher").bounding_box()
        visitor.open()
        boxes.append((closed, visitor.part(".panel").bounding_box()))
    assert boxes[0] == boxes[1]


def test_keys_in_the_chat_are_not_the_pages(watch: Watch, site: Site, script: str) -> None:
    visitor = watch()
    visitor.page.goto(site.add(_page(f"<script {script} async></script>", "<button>Buy</button>")))
    visitor.page.evaluate(HOT_KEYS)
    visitor.open()
    box = visitor.part("textarea")
    box.press_sequentially("search")
    for key in ("Control+a", "Control+x", "Control+v", "Control+c", "Control+k"):
        box.press(key)
    expect(box).to_have_value("search")
    box.press("Tab")
    box.press("Shift+Tab")
    box.press("Escape")
    expect(visitor.part(".panel")).to_be_hidden()
    # The launcher is pressed with keys of its own, and the page has the others.
    visitor.part(".launcher").press("Enter")
    expect(visitor.part(".panel")).to_be_visible()
    assert visitor.page.evaluate("hot") == []
    visitor.part(".launcher").press("s")
    visitor.page.get_by_role("button", name="Buy").press("s")
    assert visitor.page.evaluate("hot") == ["keydown s", "keypress s", "keyup s"] * 2


def test_a_dialog_of_the_page_that_holds_the_focus_lets_the_visitor_type(
    watch: Watch, site: Site, script: str
) -> None:
    visitor = watch()
    visitor.page.goto(site.add(_page(f"<script {script}></script>", "<input aria-label='Mail'>")))
    mail = visitor.page.get_by_label("Mail")
    mail.focus()
    mail.evaluate(
        """(mail) => document.addEventListener("focusin", ({ target }) => {
          if (target !== mail) mail.focus();
        })"""
    )
    visitor.open()
    visitor.part("textarea").press_sequentially("Hello")
    expect(visitor.part("textarea")).to_have_value("Hello")


# What a page has under the name, what is left of it there, and where the commands are then.
NAMES = {
    "an element": ("<div id='chatbot'></div>", "chatbot"),
    "a form with a field q": ("<form name='chatbot'><input name='q'></form>", "chatbot"),
    "a frame": ("<iframe name='chatbot'></iframe>", "chatbot"),
    "an object": ("<script>var chatbot = { mine: 1 };</script>", "chatbotWidget"),
    "a constant": ("<script>const chatbot = { mine: 1 };</script>", "chatbotWidget"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_name_of_the_page_is_in_nobodys_way(
    *, watch: Watch, site: Site, script: str, name: str, where: str
) -> None:
    has, commands = NAMES[name]
    tag = f"<script {script}></script>"
    visitor = watch()
    visitor.page.goto(site.add(_page("", has + tag if where == "before" else tag + has)))
    visitor.page.evaluate(f"{commands}('open')")
    expect(visitor.part(".panel")).to_be_visible()
    visitor.page.evaluate("chatbotWidget('close')")
    expect(visitor.part(".panel")).to_be_hidden()
    if commands != "chatbot":
        assert visitor.page.evaluate("chatbot.mine") == 1
    assert visitor.errors == []


@pytest.mark.parametrize("name", ["chatbot", "chatbotWidget"])
def test_commands_may_be_given_before_the_script(
    watch: Watch, site: Site, script: str, name: str
) -> None:
    queue = f"""<div id='chatbot'></div><script>
      if (typeof window.{name} !== "function") {{
        window.{name} = function () {{ ({name}.q = {name}.q || []).push(arguments); }};
      }}
      {name}("open");
    </script>"""
    visitor = watch()
    visitor.page.goto(site.add(_page(f"<script {script} async></script>", queue)))
    expect(visitor.part(".panel")).to_be_visible()


@pytest.mark.parametrize("command", ["script", "boot", "update"])
def test_a_key_with_blanks_around_it_is_that_key(
    *, watch: Watch, site: Site, web: Process, workspace: Workspace, command: str
) -> None:
    key = f"\n  {workspace.publishable_key}\t\n"
    given = f'data-key="{key}"' if command == "script" else ""
    visitor = watch()
    visitor.page.goto(site.add(_page(f'<script src="{web.url}/widget/v1.js" {given}></script>')))
    if command == "update":
        visitor.page.evaluate("chatbot('boot', { key: 'x' })")
    if command != "script":
        visitor.page.evaluate(f"(key) => chatbot('{command}', {{ key }})", key)
    visitor.open()
    assert visitor.page.evaluate("Object.keys(localStorage)") == [
        f"chatbot:{workspace.publishable_key}"
    ]


OTHER = "<script src='{origin}/other/widget/v1.js' data-key='their-own'></script>"
LATER = """<script>
  addEventListener("load", () => setTimeout(() => {{
    const element = document.createElement("script");
    element.src = "{src}";
    element.dataset.key = "{key}";
    document.body.append(element);
    document.body.innerHTML += "<p>more</p>";
  }}));
</script>"""
WAYS = {
    "twice": "<script {script} async></script><script {script} async></script>",
    "in the head, without async": "<script {script}></script>",
    "a module": "<script {script} type='module'></script>",
    "deferred": "<script {script} defer></script>",
    "by a tag manager": LATER,
    "beside another product": OTHER + "<script {script}></script>" + OTHER,
    "a module beside another product": OTHER + "<script {script} type='module'></script>" + OTHER,
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_loaded_it_is_there_once(
    *, watch: Watch, site: Site, web: Process, workspace: Workspace, script: str, way: str
) -> None:
    src, key = f"{web.url}/widget/v1.js", workspace.publishable_key
    head = WAYS[way].format(script=script, origin=site.origin, src=src, key=key)
    visitor = watch()
    visitor.page.goto(site.add(_page(head)))
    visitor.open()
    expect(visitor.widget).to_have_count(1)
    visitor.ask("What is the access code?")
    expect(visitor.answered()).to_contain_text("48213")


WHOLE = "this page's Content-Security-Policy blocks the chat. Add to the policy: "
BLOCKED = {
    "the socket": (
        "script-src {web}; connect-src 'self'",
        WHOLE + "connect-src {web} {socket}.",
    ),
    # The launcher alone is let in, by its file. What explains it is blocked as well.
    "the panel": (
        "script-src {web}/widget/v1.js; connect-src *",
        "add to the Content-Security-Policy: script-src {web}",
    ),
    "the panel, not what explains it": (
        "script-src {web}/widget/v1.js {web}/widget/help-v1.js",
        WHOLE + "script-src {web}.",
    ),
}


@pytest.mark.parametrize("what", BLOCKED)
def test_a_policy_that_blocks_the_chat_is_explained(
    *, watch: Watch, site: Site, web: Process, script: str, what: str
) -> None:
    policy, line = BLOCKED[what]
    names = {"web": web.url, "socket": web.url.replace("http", "ws")}
    visitor = watch()
    page = _page(f"<script {script}></script>")
    visitor.page.goto(site.add(page, policy.format(**names)))
    with visitor.page.expect_console_message(lambda said: "chatbot:" in said.text):
        visitor.part(".launcher").click()
    if what == "the socket":
        expect(visitor.part(".notice")).to_contain_text("This chat is not available on this page.")
    told = [text for text in visitor.errors if text.startswith("chatbot:")]
    assert told == ["chatbot: " + line.format(**names)]


def test_a_page_that_is_not_on_the_list_is_told_what_to_add(
    watch: Watch, site: Site, web: Process, make_workspace: Callable[..., Workspace]
) -> None:
    own = make_workspace(allowed_origins=[])
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key))
    with visitor.page.expect_console_message(lambda said: "chatbot:" in said.text):
        visitor.part(".launcher").click()
    expect(visitor.part(".notice")).to_contain_text("This chat is not available on this page.")
    assert visitor.errors == [
        f"chatbot: this page may not use the chatbot. Add {site.origin} to its allowed origins: "
        "in the dashboard, Chatbots, its settings."
    ]
