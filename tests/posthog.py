"""A PostHog of the tests' own on loopback, which speaks its batch API."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakePostHog:
    """Keeps what it is sent. While `stalled` it takes a request and does not answer."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.stalled = False
        self.reached = threading.Event()
        self._go_on = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in json.loads(body)["batch"]]

    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def take(self, body: str) -> None:
        self.bodies.append(body)
        self.reached.set()
        if self.stalled:
            self._go_on.wait(60)

    def serve(self) -> None:
        self._server.serve_forever()

    def close(self) -> None:
        self._go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                fake.take((gzip.decompress(body) if packed else body).decode())
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler


@contextmanager
def running() -> Iterator[FakePostHog]:
    fake = FakePostHog()
    thread = threading.Thread(target=fake.serve, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.close()
        thread.join()
