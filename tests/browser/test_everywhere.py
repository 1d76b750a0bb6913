"""The widget on every page: policies, languages, widths, themes; foreign styles; its own page."""

from collections.abc import Callable
from functools import partial
from itertools import product
from uuid import UUID

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
NAME = "The assistant of the Zorblatt depot and all of its outbuildings, halls and gates"
RICH = """## Opening hours

The **depot** is open from *Tuesday* [1], see [the page](https://example.com/hours):

1. bring `gate-4` badges
   - and patience

| Day | From | To | Where | Who may come in |
|---|---|---|---|---|
| Tuesday | 6:00 | 21:00 | gate-four-behind-the-hall | everybody-with-a-badge |

```python
print("a line of code that is far too long for any panel, and has to be scrolled in its own box")
```

> Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"""


@pytest.fixture(scope="module")
def rich(make_workspace: Callable[..., Workspace], fake: FakeOpenAI) -> Workspace:
    fake.script({"match": "rich", "text": RICH, "times": -1})
    return make_workspace(name=NAME, color="#0f766e")


@pytest.mark.parametrize("policy", ["", "strict", "tt"])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_it_is_at_home_everywhere(
    *, watch: Watch, site: Site, web: Process, rich: Workspace, language: str, policy: str
) -> None:
    visitor = watch()
    visitor.page.goto(site.address(web.url, rich.publishable_key, csp=policy, lang=language))
    visitor.open()
    visitor.ask("What is the access code? Be rich.")
    visitor.answered().locator(".cite").first.click()
    expect(visitor.part("dialog")).to_be_visible()
    direction = visitor.part(".panel").evaluate("(each) => getComputedStyle(each).direction")
    assert direction == ("rtl" if language == "fa" else "ltr")
    for look in visitor.looks(f"widget {language} {policy}"):
        assert not visitor.scrolls_sideways(), look
        # What axe says does not depend on the policy.
        assert policy != "tt" or visitor.axe() == [], look
    assert visitor.errors == []
    assert visitor.violations() == []
    assert visitor.origins == {site.origin, web.url}


def test_the_pages_styles_do_not_reach_it(
    watch: Watch, site: Site, web: Process, rich: Workspace
) -> None:
    looks, boxes = [], []
    for options in ({}, {"hostile": "1"}):
        visitor = watch()
        visitor.page.goto(site.address(web.url, rich.publishable_key, **options))
        visitor.open()
        visitor.page.mouse.move(5, 5)
        visitor.part("textarea").blur()
        visitor.page.wait_for_timeout(400)
        # Inside of the panel, because the page shines through beside its round corners.
        looks.append(visitor.part(".main").screenshot())
        boxes.append([visitor.part(each).bounding_box() for each in (".head", "form", ".main")])
        assert visitor.part(".launcher").bounding_box() == {
            "x": 1204, "y": 724, "width": 56, "height": 56,
        }  # fmt: skip
    assert boxes[0] == boxes[1]
    assert looks[0] == looks[1]


def test_text_on_any_colour_can_be_read(
    watch: Watch, site: Site, web: Process, workspace: Workspace
) -> None:
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    steps = ("00", "55", "aa", "ff")
    colours = [f"#{r}{g}{b}" for r, g, b in product(steps, repeat=3)]
    worst = visitor.page.evaluate(
        """(colours) => {
          const widget = document.querySelector("chatbot-widget");
          const pair = [".go", ".suggestions .chip"].map((each) => widget.shadowRoot.querySelector(each));
          const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          const light = (colour) => {
            brush.fillStyle = colour;
            brush.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...brush.getImageData(0, 0, 1, 1).data].map((v) =>
              (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
          };
          const ratio = (a, b) => Math.max(light(a) / light(b), light(b) / light(a));
          const readable = ({ color, backgroundColor }) => ratio(color, backgroundColor);
          return colours.flatMap((colour) => ["light", "dark"].map((theme) => {
            chatbot("update", { color: colour, theme });
            const ratios = pair.map((each) => readable(getComputedStyle(each)));
            return [Math.min(...ratios), colour, theme];
          })).sort((a, b) => a[0] - b[0])[0];
        }""",
        colours,
    )
    assert worst[0] >= 4.5, worst


def allow(tenant_id: UUID, origin: str) -> None:
    with tenant_context(tenant_id):
        Chatbot.objects.update(allowed_origins=[origin])


@pytest.mark.parametrize("width", [1280, 375])
def test_the_chatbots_own_page_is_the_chat(
    watch: Watch, web: Process, make_workspace: Callable[..., Workspace], width: int
) -> None:
    own = make_workspace()
    origin = f"http://{own.tenant.host}:{web.port}"
    beside(partial(allow, own.tenant.id, origin))
    visitor = watch(viewport={"width": width, "height": 760})
    visitor.page.goto(f"{origin}/c/{own.chatbot_id}")
    expect(visitor.part(".launcher")).to_be_hidden()
    visitor.ask("What is the access code?")
    expect(visitor.answered()).to_contain_text("48213")
    assert visitor.axe() == []
    assert not visitor.scrolls_sideways()
    assert visitor.errors == visitor.violations() == []
    assert visitor.origins == {origin}
