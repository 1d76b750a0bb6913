"""A page that is watched: what it reports as errors, violations and requests while a test uses it."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

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

SIDEWAYS = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
Theme = Literal["light", "dark"]
LOOKS: list[tuple[int, Theme]] = [(1280, "light"), (375, "light"), (375, "dark"), (1280, "dark")]
# Where `PICTURES` names a folder, every look is kept there for people.
PICTURES = os.environ.get("PICTURES")


class Watched:
    """A page in a context of its own, with a widget in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        self.origins: set[str] = set()
        self.context = context
        context.add_init_script(RECORD)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
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

    def looks(self, name: str) -> Iterator[tuple[int, Theme]]:
        """The page as it stands, wide and narrow, light and dark, one after the other."""
        for width, theme in LOOKS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.emulate_media(color_scheme=theme)
            if PICTURES:
                self.picture(f"{name}-{width}-{theme}")
            yield width, theme

    def picture(self, name: str) -> None:
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            file = f"{name.strip('/').replace('/', '-')[:60]}-{uuid4().hex[:4]}.png"
            self.page.screenshot(path=Path(PICTURES) / file, full_page=True)

    def faults(self, name: str) -> list[str]:
        """What is wrong with the page in any look. axe takes its time, so it sees each width and each
        theme once; everything else all four."""
        found = [fault for width, theme in self.looks(name) for fault in self._faults(width, theme)]
        return [f"{name}: {fault}" for fault in found + self.violations()]

    def _faults(self, width: int, theme: Theme) -> list[str]:
        found = self.axe() if (width == 1280) == (theme == "light") else []
        found += ["it scrolls sideways"] if self.page.evaluate(SIDEWAYS) else []
        return [f"{width} {theme}: {fault}" for fault in found]

    def axe(self) -> list[str]:
        """What axe has to say, one line for each rule that is broken."""
        if not self.page.evaluate("'axe' in window"):
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
