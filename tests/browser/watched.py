"""A page that is watched: what it reports as errors, violations and requests while a test uses it."""

from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, expect

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# Runs before any script of the page.
RECORD = """
window.violations = [];
window.ran = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`));
window.alert = window.confirm = window.prompt = (text) => void ran.push(String(text));
"""


class Watched:
    """A page in a context of its own, with a widget in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        self.origins: set[str] = set()
        self.context = context
        context.add_init_script(RECORD)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", lambda socket: self._asked(socket.url))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"}:
            self.origins.add(f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}")

    @property
    def widget(self) -> Locator:
        return self.page.locator("chatbot-widget")

    def part(self, selector: str) -> Locator:
        """What stands in the widget's shadow root."""
        return self.widget.locator(selector)

    def open(self) -> None:
        self.part(".launcher").click()
        expect(self.part(".reply").first).to_be_visible()

    def ask(self, text: str) -> None:
        self.part("textarea").fill(text)
        self.part("textarea").press("Enter")

    def answered(self, count: int = 1) -> Locator:
        """The latest answer, once `count` of them have ended. The welcome is the first reply."""
        expect(self.part(".reply .tools")).to_have_count(count)
        return self.part(".reply").last

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("violations")
        return found

    def axe(self) -> list[str]:
        """What axe has to say, one line for each rule that is broken."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def scrolls_sideways(self) -> bool:
        wide: bool = self.page.evaluate(
            """() => [document.scrollingElement,
                ...document.querySelector("chatbot-widget").shadowRoot.querySelectorAll(".panel, .log")]
                .some((each) => each.scrollWidth > each.clientWidth)"""
        )
        return wide
