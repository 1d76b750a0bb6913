"""The server's side of a socket, with a budget for what its client sends.

Uvicorn answers pings and gathers pieces of messages by itself, out of an application's sight, and all
that one read of the connection brings without a look at anybody else.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from chatbot_saas.realtime.budgets import FrameBudget
from chatbot_saas.realtime.close_codes import TOO_MUCH

# Bytes that are taken apart before the budget is asked: some 700 of the smallest frames.
_SLICE = 4_096
# Browsers send no pings, and other clients one in twenty seconds; a message has few pieces.
_CONTROL = {"burst": 20, "per_second": 1.0}
_DATA = {"burst": 300, "per_second": 50.0}
_LINGER_SECONDS = 2.0


class CountedProtocol(WebSocketsSansIOProtocol):
    """Closes with 1008 when a client sends more than its budget, whatever its frames are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._control, self._data = FrameBudget(**_CONTROL), FrameBudget(**_DATA)
        self._is_over = False
        self._drop_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), _SLICE):
            # What a closed client still sends is read and dropped, so that it can read why.
            if self._is_over or self.transport.is_closing():
                return
            super().data_received(data[at : at + _SLICE])

    def handle_ping(self) -> None:
        if self._may(self._control):
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._may(self._control):
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._may(self._data):
            super().handle_cont(event)

    def handle_text(self, event: Frame) -> None:
        if self._may(self._data):
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if self._may(self._data):
            super().handle_bytes(event)

    async def run_asgi(self) -> None:
        await super().run_asgi()
        # A goodbye is waited for, as long as the server does.
        self._drop_soon(self.close_timeout if self.close_sent else 0)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._drop_soon(0)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._drop_timer is not None:
            self._drop_timer.cancel()

    def _drop_soon(self, after: float) -> None:
        """A transport closes when all is sent: who takes nothing would keep it as long as it likes."""
        if not self.disconnected:
            after += _LINGER_SECONDS
            self._drop_timer = self.loop.call_later(after, self.transport.abort)

    def _may(self, budget: FrameBudget) -> bool:
        if not self._is_over and not budget.take(self.loop.time()):
            self._end()
        return not self._is_over

    def _end(self) -> None:
        self._is_over = True
        if not self.close_sent:
            self.close_sent = True
            # Pongs that wait to be sent are not: the close frame comes next.
            self.conn.data_to_send()
            self.conn.send_close(TOO_MUCH, "too many frames")
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TOO_MUCH})
        # Reading goes on after a message has paused it.
        self.transport.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)
