"""A wire between the browser and the product that a test can cut, as a lost network would."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

_REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Wire:
    """Passes bytes to `port` on loopback. `cut` ends what is open; while `down`, nothing opens.

    `sockets`: what becomes of a WebSocket's handshake, as by a proxy that knows none: it is passed,
    refused (an answer of its own) or swallowed (no answer, ever).
    """

    def __init__(self, port: int, sockets: Literal["passed", "refused", "swallowed"]) -> None:
        self._port, self._sockets = port, sockets
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.down = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _shut(end)

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.down:
                _shut(near)
                continue
            if self._sockets != "passed" and near.recv(7, socket.MSG_PEEK) == b"GET /ws":
                with self._lock:
                    self._open.add(near)
                if self._sockets == "refused":
                    near.sendall(_REFUSAL)
                    _shut(near)
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            with self._lock:
                self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
    except OSError:
        pass
    _shut(source)
    _shut(target)


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


@contextmanager
def wire(
    port: int, *, sockets: Literal["passed", "refused", "swallowed"] = "passed"
) -> Iterator[Wire]:
    made = Wire(port, sockets)
    try:
        yield made
    finally:
        made.close()
