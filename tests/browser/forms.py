"""Every form that a browser meets, and whether one was sent: the pages themselves say what there is, so
a form that is added later is asked for as well."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, Page, Request, WebSocket

# What people can send: a form without a button and without a text field is there for others to read. A
# form in a shadow root belongs to the widget, which sends it over its socket.
COLLECT = """
window.formsHere = () => {
  const roots = (root) => [root, ...[...root.querySelectorAll("*")]
    .filter((each) => each.shadowRoot).flatMap((each) => roots(each.shadowRoot))];
  const texts = ["text", "search", "email", "password", "date", "number"];
  const url = (form) => new URL(form.getAttribute("action") || location.href, location.href).href;
  const sends = (form) => [...form.elements].some((each) => !each.matches(":disabled") &&
    ["submit", "image", ...texts].includes(each.type));
  const verbs = ["post", "put", "patch", "delete"];
  const verb = (each) => verbs.find((name) => each.hasAttribute(`hx-${name}`));
  const found = roots(document).flatMap((root) => [...root.querySelectorAll("form")]
    .filter((form) => root !== document || sends(form)).map((form) => ({
      method: root === document ? (form.getAttribute("method") || "get").toUpperCase() : "SOCKET",
      url: url(form),
      fields: [...form.elements].filter((each) => each.name && !each.matches(":disabled") &&
        !["submit", "checkbox", "radio"].includes(each.type)).map((each) => each.name),
    })));
  const others = [...document.querySelectorAll("*")].filter(verb).map((each) => ({
    method: verb(each).toUpperCase(),
    url: new URL(each.getAttribute(`hx-${verb(each)}`), location.href).href,
    fields: [],
  }));
  return [...found, ...others];
};
if (window.top === window) {
  const told = new Set();
  const tell = () => {
    const found = formsHere().filter((each) => !told.has(JSON.stringify(each)));
    found.forEach((each) => told.add(JSON.stringify(each)));
    if (found.length) formsMet(found);
  };
  for (const name of ["DOMContentLoaded", "load"]) window.addEventListener(name, tell);
  document.addEventListener("submit", tell, true);
  setInterval(tell, 250);
}
"""
LINKS = """() => [...document.querySelectorAll("a[href]:not([download])")]
  .filter((each) => each.origin === location.origin).map((each) => each.href.split("#")[0])"""
PLATFORM, WORKSPACE = "platform", "workspace"
_URLCONFS = {PLATFORM: settings.PLATFORM_URLCONF, WORKSPACE: settings.ROOT_URLCONF}


class Form(NamedTuple):
    """Where a form is sent to, whatever ids stand in its address."""

    method: str
    site: str
    route: str

    def __str__(self) -> str:
        return " ".join(self)


def place_of(url: str) -> tuple[str, str]:
    """The site and the route of an address; of what no route takes, its path."""
    parts = urlsplit(url)
    site = PLATFORM if parts.hostname in {"localhost", "127.0.0.1"} else WORKSPACE
    try:
        return site, resolve(parts.path, _URLCONFS[site]).view_name or parts.path
    except Resolver404:
        return site, parts.path


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that a browser made: what it was, and how it ended."""

    form: Form
    url: str
    origin: str
    status: int

    @property
    def fault(self) -> str:
        """Why nobody's form was sent by this; empty when one was."""
        parts = urlsplit(self.url)
        if self.form.method != "GET" and self.origin != f"{parts.scheme}://{parts.netloc}":
            return f"{self.form}: it went out with the origin {self.origin or 'of nobody'}"
        return f"{self.form}: {self.status}" if self.status >= 400 else ""


class Forms:
    """Watches any number of browsers."""

    def __init__(self) -> None:
        self.met: dict[Form, list[str]] = {}
        self.visited: set[tuple[str, str]] = set()
        self._requests: list[Request] = []
        self._spoken: set[Form] = set()

    def watch(self, context: BrowserContext) -> None:
        context.expose_binding("formsMet", lambda _source, found: self._meet(found))
        context.add_init_script(COLLECT)
        context.on("request", self._asked)
        context.on("page", lambda page: page.on("websocket", self._listen))
        for page in context.pages:
            page.on("websocket", self._listen)

    def _meet(self, found: list[dict[str, Any]]) -> None:
        for each in found:
            site, route = place_of(each["url"])
            route = "widget" if each["method"] == "SOCKET" else route
            self.met.setdefault(Form(each["method"], site, route), each["fields"])

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"}:
            self.visited.add(place_of(request.url))
            self._requests.append(request)

    def _listen(self, socket: WebSocket) -> None:
        form = Form("SOCKET", place_of(socket.url)[0], "widget")

        def said(text: str | bytes) -> None:
            if "turn.create" in str(text):
                self._spoken.add(form)

        socket.on("framesent", said)

    def sent(self) -> Iterator[Sent]:
        """Every request that may have been a form's; asks the browser how each one ended."""
        for request in self._requests:
            form = Form(request.method, *place_of(request.url))
            if form in self.met and self._is_whole(form, request.url):
                response = request.response()
                origin = request.all_headers().get("origin", "")
                yield Sent(form, request.url, origin, response.status if response else 0)

    def _is_whole(self, form: Form, url: str) -> bool:
        # A link to the same page says nothing of the form's fields, or not of all of them.
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        return form.method != "GET" or set(self.met[form]) <= set(query)

    def unsent(self) -> list[str]:
        """The forms that were met and that nobody could send, with what went wrong where one tried."""
        tried = list(self.sent())
        done = {each.form for each in tried if not each.fault} | self._spoken
        left = sorted(set(self.met) - done)
        faults = {form: [each.fault for each in tried if each.form == form] for form in left}
        return [faults[form][-1] if faults[form] else str(form) for form in left]

    def crawl(self, page: Page, start: str) -> None:
        """Looks at one page of each route that can be reached by links."""
        waiting, done = [start], set()
        while waiting:
            url = waiting.pop(0)
            if place_of(url) in done or urlsplit(url).path.endswith(".csv"):
                continue
            done.add(place_of(url))
            page.goto(url)
            self._meet(page.evaluate("formsHere()"))
            waiting += page.evaluate(LINKS)
