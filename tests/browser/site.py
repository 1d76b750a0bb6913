"""Somebody else's shop: a site of another origin, with the policy and style that a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.template.loader import render_to_string

from tests.live import ROOT

HOSTILE = """
*, *::before, *::after { all: unset !important }
* { display: inline !important; position: static !important; color: red !important;
  font: 3px monospace !important; visibility: hidden !important }
chatbot-widget { opacity: 0 !important; scale: 3 !important; display: none !important }
"""
STYLESHEET = (ROOT / "static" / "css" / "shop.css").read_text(encoding="utf-8")
OPTIONS = ("lang", "theme", "position", "consent", "privacy", "color", "label")


def policy(kind: str, platform: str) -> str | None:
    """The page's Content-Security-Policy: none, `strict`, or `tt` (strict and Trusted Types)."""
    if kind not in {"strict", "tt"}:
        return None
    socket = platform.replace("http", "ws", 1)
    strict = (
        f"default-src 'none'; script-src {platform}; style-src 'self'; "
        f"connect-src {platform} {socket}; img-src 'self' data:"
    )
    types = "; require-trusted-types-for 'script'; trusted-types 'none'"
    return strict + (types if kind == "tt" else "")


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        # By path: a page's HTML and its policy.
        self.pages: dict[str, tuple[str, str | None]] = {}


class Site:
    """A running site. `address` makes the URL of a page with a widget on it, `add` of any page."""

    def __init__(self, server: Server) -> None:
        self.origin = f"http://shop.localhost:{server.server_address[1]}"
        self._pages = server.pages

    def address(self, platform: str, key: str, *, csp: str = "", **options: str) -> str:
        query = {"platform": platform, "key": key, "csp": csp, **options}
        return f"{self.origin}/?{urlencode(query)}"

    def add(self, html: str, csp: str | None = None) -> str:
        """Serves this page from now on, at the URL that it gives back."""
        path = f"/pages/{len(self._pages)}"
        self._pages[path] = html, csp
        return self.origin + path


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path in self.server.pages:
            html, csp = self.server.pages[parts.path]
            return self._answer(html, "text/html; charset=utf-8", csp)
        if parts.path == "/shop.css":
            return self._answer(STYLESHEET, "text/css")
        if parts.path == "/hostile.css":
            return self._answer(HOSTILE, "text/css")
        query = dict(parse_qsl(parts.query))
        platform = query["platform"]
        page = render_to_string(
            "demo/shop.html",
            {
                "language": query.get("lang", "en"),
                "stylesheet": "/shop.css",
                "extras": ["/hostile.css"] if "hostile" in query else [],
                "platform": platform,
                "key": query["key"],
                "options": {name: query[name] for name in OPTIONS if name in query},
            },
        )
        return self._answer(
            page, "text/html; charset=utf-8", policy(query.get("csp", ""), platform)
        )

    def _answer(self, text: str, kind: str, csp: str | None = None) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if csp is not None:
            self.send_header("Content-Security-Policy", csp)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""


@contextmanager
def shop() -> Iterator[Site]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(server)
    finally:
        server.shutdown()
        server.server_close()
