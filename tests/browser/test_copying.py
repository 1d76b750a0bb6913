"""An answer and its code can be copied, as text and as HTML, also where the newer way is refused."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
ANSWER = """## Hours

The **gate** opens at *six* [1], see [the page](https://x.example/a_b).

3. bring `gate_4`
   - and patience
4. wait

| Day | From |
|---|---|
| Tuesday | 6:00 |

```sh
echo "**open** [1]"
exit
```

> As always."""
TEXT = """Hours

The gate opens at six [1], see the page (https://x.example/a_b).

3. bring gate_4
  - and patience
4. wait

Day\tFrom
Tuesday\t6:00

echo "**open** [1]"
exit

> As always.

Sources:
[1] Depot handbook"""
HTML = (
    "<h3>Hours</h3><p>The <strong>gate</strong> opens at <em>six</em> [1], see "
    '<a href="https://x.example/a_b">the page<small> (https://x.example/a_b)</small></a>.</p>'
    '<ol start="3"><li>bring <code>gate_4</code><ul><li>and patience</li></ul></li><li>wait</li></ol>'
    "<div><table><thead><tr><th>Day</th><th>From</th></tr></thead>"
    "<tbody><tr><td>Tuesday</td><td>6:00</td></tr></tbody></table></div>"
    '<div><pre><code>echo "**open** [1]"\nexit</code></pre></div>'
    "<blockquote><p>As always.</p></blockquote><p>Sources:<br>[1] Depot handbook</p>"
)
# What each way of copying was given.
RECORD = """
window.taken = {};
if (window.ClipboardItem) navigator.clipboard.write = async ([item]) => {
  for (const type of item.types) taken[type] = await (await item.getType(type)).text();
};"""
REFUSED = """
window.taken = {};
if (navigator.clipboard) navigator.clipboard.write = navigator.clipboard.writeText =
  () => Promise.reject(new DOMException("denied", "NotAllowedError"));
const set = DataTransfer.prototype.setData;
DataTransfer.prototype.setData = function (type, text) {
  taken[type] = text;
  set.call(this, type, text);
};"""
WITHOUT = """
Object.defineProperty(navigator, "clipboard", { value: undefined });
document.queryCommandSupported = () => false;
Document.prototype.queryCommandSupported = () => false;"""
NEITHER = """
navigator.clipboard.write = () => Promise.reject(new DOMException("denied", "NotAllowedError"));
document.execCommand = () => false;"""


def answered(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    script: str,
    language: str = "en",
) -> Watched:
    fake.script({"match": "Show me what to copy", "text": ANSWER})
    visitor = watch()
    visitor.page.add_init_script(script)
    address = site.address(web.url, workspace.publishable_key, csp="tt", lang=language)
    visitor.page.goto(address)
    visitor.open()
    visitor.ask("What is the access code? Show me what to copy.")
    visitor.answered()
    return visitor


@pytest.mark.parametrize("script", [RECORD, REFUSED], ids=["the newer way", "refused by the page"])
def test_an_answer_and_a_block_of_code_are_copied(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    script: str,
) -> None:
    visitor = answered(
        watch=watch, site=site, web=web, workspace=workspace, fake=fake, script=script
    )
    copy = visitor.part("[aria-label='Copy the answer']")
    copy.press("Enter")
    expect(visitor.part("[role=status]")).to_have_text("Copied")
    expect(copy).to_have_attribute("title", "Copied")
    expect(copy).to_be_focused()
    assert visitor.page.evaluate("taken") == {"text/plain": TEXT, "text/html": HTML}
    visitor.page.evaluate("taken = {}")
    code = visitor.part("[aria-label='Copy the code']")
    code.click()
    expect(code).to_have_attribute("title", "Copied")
    assert visitor.page.evaluate("taken") == {"text/plain": 'echo "**open** [1]"\nexit'}
    for look in visitor.looks("copy"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    # A moment later it can be copied anew.
    expect(copy).to_have_attribute("title", "Copy the answer")
    assert visitor.errors == visitor.violations() == []


def test_what_is_copied_is_in_the_clipboard(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    visitor = answered(watch=watch, site=site, web=web, workspace=workspace, fake=fake, script="")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.part("[aria-label='Copy the code']").click()
    expect(visitor.part("[role=status]")).to_have_text("Copied")
    visitor.part("textarea").focus()
    visitor.page.keyboard.press("Control+v")
    expect(visitor.part("textarea")).to_have_value('echo "**open** [1]"\nexit')


def test_nothing_is_offered_that_cannot_be_done(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    visitor = answered(
        watch=watch, site=site, web=web, workspace=workspace, fake=fake, script=WITHOUT
    )
    expect(visitor.part("[aria-label='Copy the answer']")).to_have_count(0)
    expect(visitor.part("[aria-label='Copy the code']")).to_have_count(0)
    expect(visitor.part(".tools .tool")).to_have_count(2)
    assert visitor.errors == []


def test_a_copy_that_fails_is_called_that(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    visitor = answered(
        watch=watch, site=site, web=web, workspace=workspace, fake=fake, script=NEITHER
    )
    visitor.part("[aria-label='Copy the answer']").click()
    expect(visitor.part(".notice")).to_contain_text("This could not be copied.")


def test_in_persian_it_looks_as_well(
    watch: Watch, site: Site, web: Process, workspace: Workspace, fake: FakeOpenAI
) -> None:
    visitor = answered(
        watch=watch,
        site=site,
        web=web,
        workspace=workspace,
        fake=fake,
        script=RECORD,
        language="fa",
    )
    for look in visitor.looks("copy fa"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
