"""A visitor's side of the chat socket, and the knowledge a test needs."""

import json
import socket
import time
from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID, uuid4

from websockets.sync.client import ClientConnection, connect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Turn
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import tenant_context
from tenants.work import tickets
from tests.eventually import eventually

ORIGIN = "https://shop.example"
ENDS = ("turn.completed", "turn.failed", "turn.snapshot")
_PATIENCE = 20.0


def ingest(tenant_id: UUID, filename: str, text: str) -> UUID:
    """A document that can be searched. Its tickets are done here, so no worker is needed."""
    with tenant_context(tenant_id):
        document_id = create_document(filename=filename, content=text.encode())[0].id

    def is_ready() -> bool:
        tickets.run_next()
        with tenant_context(tenant_id):
            status = Document.objects.get(pk=document_id).status
        assert status != Document.Status.FAILED
        return status == Document.Status.READY

    eventually(is_ready)
    return document_id


class Chat:
    """An open socket. `start` opens the session; without `key` nothing is sent at first."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        origin: str | None = ORIGIN,
        host: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        **start: Any,
    ) -> None:
        port = int(url.split(":")[2].split("/", maxsplit=1)[0])
        self._socket: ClientConnection = connect(
            # No resolver but a browser's knows `acme.localhost`.
            url.replace("127.0.0.1", host or "127.0.0.1"),
            sock=socket.create_connection(("127.0.0.1", port)),
            additional_headers=[("Origin", origin), *headers] if origin is not None else headers,
            proxy=None,
            max_size=2**26,
            # A client that reads nothing shall hold little: on a busy machine frames are large.
            max_queue=1,
            # Nor does it see the server's goodbye behind what it does not read.
            close_timeout=1,
            compression=None,
        )
        self.ready: dict[str, Any] = {}
        if key is not None:
            self.start(key, **start)

    def start(self, key: str, **fields: Any) -> dict[str, Any]:
        self.send("session.start", key=key, **fields)
        self.ready = self.receive("session.ready")
        return self.ready

    def send(self, kind: str, **fields: Any) -> None:
        self.send_raw(json.dumps({"type": kind, **fields}))

    def send_raw(self, data: str | bytes) -> None:
        self._socket.send(data)

    def next(self, timeout: float = _PATIENCE) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self._socket.recv(timeout=timeout))
        return frame

    def receive(self, *kinds: str, timeout: float = _PATIENCE) -> dict[str, Any]:
        """The next frame, which must be of one of these kinds."""
        frame = self.next(timeout)
        assert frame["type"] in kinds, frame
        return frame

    def ask(self, text: str, client_turn_id: str | None = None) -> str:
        """Begins a turn; returns its `client_turn_id`."""
        client_turn_id = client_turn_id or uuid4().hex
        self.send("turn.create", client_turn_id=client_turn_id, text=text)
        return client_turn_id

    def until_end(self) -> list[dict[str, Any]]:
        """The frames to the end of a turn."""
        frames = [self.next()]
        while frames[-1]["type"] not in ENDS:
            assert frames[-1]["type"] != "error", frames[-1]
            frames.append(self.next())
        return frames

    def answer(self, text: str) -> list[dict[str, Any]]:
        self.ask(text)
        return self.until_end()

    def close_code(self, timeout: float = _PATIENCE) -> int | None:
        """Reads until the server closes; the code it closed with."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._socket.close_code is None:
            try:
                self._socket.recv(timeout=0.2)
            except TimeoutError:
                continue
            except Exception:
                break
        return self._socket.close_code

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "turn.delta")


def kinds_of(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["type"] for frame in frames]


def wait_for_turn(workspace: Workspace, status: str) -> None:
    def stands() -> bool:
        with tenant_context(workspace.tenant.id):
            return Turn.objects.get().status == status

    eventually(stands)
