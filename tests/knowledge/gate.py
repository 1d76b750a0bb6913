"""A TCP gate in front of a server: closed, the server is away."""

import socket
import threading


class Gate:
    """Passes on what comes to its port. `close` cuts every connection; `open` takes new ones again."""

    def __init__(self, to_port: int) -> None:
        self._to, self._listener, self.port = to_port, None, 0
        self._open: set[socket.socket] = set()
        # Bytes that may still pass towards the server before the gate closes itself; None: any number.
        self.closes_after: int | None = None
        self.open()

    _listener: socket.socket | None

    def open(self) -> None:
        self.closes_after = None
        listener = socket.create_server(("127.0.0.1", self.port))
        self._listener, self.port = listener, listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        if self._listener is not None:
            # A thread that waits in accept() is woken by this alone.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for one in list(self._open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._open |= {client, server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, source is client), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, inward: bool) -> None:
        try:
            while piece := source.recv(65_536):
                if inward and self.closes_after is not None:
                    self.closes_after -= len(piece)
                    if self.closes_after < 0:
                        self.close()
                        return
                target.sendall(piece)
        except OSError:
            pass
        finally:
            self._open.discard(source)
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
