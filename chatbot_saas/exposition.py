"""The counters for Prometheus: what is told, to whom, and the port at which a worker tells its own."""

import io
import logging
import os
import secrets
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector

from core.metrics import CONNECTIONS, CONNECTIONS_LIMIT
from tenants.backend.shares import shares

log = logging.getLogger(__name__)
# Of the worker's port: who may be answered at once, and how long one may take to ask.
_CALLERS = 8
_SECONDS = 5.0


def may_read(authorization: str) -> bool:
    """Whether the header's value is the operator's; never while no token is set."""
    wanted = settings.METRICS_TOKEN
    given = authorization.removeprefix("Bearer ")
    return bool(wanted) and secrets.compare_digest(given.encode(), wanted.encode())


def registry() -> CollectorRegistry:
    """Every process's counters when they share a directory, else this one's."""
    _look_at_connections()
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return PROCESS_REGISTRY
    _forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    gathered = CollectorRegistry()
    MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    return gathered


def _look_at_connections() -> None:
    usage = shares().usage()
    CONNECTIONS.labels("used").set(usage.held)
    CONNECTIONS.labels("waiting").set(usage.waiting)
    CONNECTIONS_LIMIT.set(usage.total)


def _forget_the_dead(folder: Path) -> None:
    """Gauges of processes that have ended: what they did still counts, what they are does not."""
    for file in folder.glob("gauge_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            file.unlink(missing_ok=True)


def serve_worker(**_: object) -> None:
    """A worker has no door of its own: with `WORKER_METRICS_PORT` it gets this one."""
    port = settings.WORKER_METRICS_PORT
    if not port:
        return
    try:
        server = _Server(("", port), _Teller)
    except OSError as error:
        log.error("the worker's counters are not told, port %s: %s", port, error)
        return
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Server(ThreadingHTTPServer):
    """A few callers at once; the next one waits until one of them is done, or out of time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._places = threading.BoundedSemaphore(_CALLERS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            # No thread was begun, which would give the place back.
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who hangs up is no fault of ours; anything else is.
        if not isinstance(sys.exception(), OSError):
            log.exception("the worker's counters could not be told")


class _InTime(socket.SocketIO):
    """Reads of a connection, all of them together within `_SECONDS`: a timeout of its own for each would
    let a caller stay who sends a byte now and then."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "rb")
        self._connection, self._until = connection, time.monotonic() + _SECONDS

    def readinto(self, buffer: Any) -> int | None:
        # Zero would mean not to wait at all.
        self._connection.settimeout(max(0.001, self._until - time.monotonic()))
        return super().readinto(buffer)


class _Teller(BaseHTTPRequestHandler):
    """One answer for each connection, which comes from another machine or another container."""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_InTime(self.connection))

    def do_GET(self) -> None:
        allowed = may_read(self.headers.get("Authorization", ""))
        told = self.path.partition("?")[0] == "/metrics" and allowed
        body = generate_latest(registry()) if told else b""
        self.send_response(200 if told else 404)
        if told:
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # For all of it, as reads have: who takes nothing is let go.
        self.connection.settimeout(_SECONDS)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """No line for each look."""
