"""`python -m bench.cluster.pager --port N`: takes what Alertmanager sends to a pager and to a chat, and
says each summary on a line of its own."""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body: dict[str, Any] = json.loads(self.rfile.read(length) or b"{}")
        told: dict[str, str] = body.get("payload") or next(iter(body.get("attachments", [])), {})
        print(f"{self.path}: {told.get('summary') or told.get('title') or '?'}", flush=True)
        # What the pager's service says; the chat's takes any success.
        self._answer(202)

    def do_GET(self) -> None:
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """No line for each request."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), _Taker) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
