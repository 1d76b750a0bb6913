"""One HTTP/1.1 connection. Answers are parsed in C, and one timer stands for a whole answer: a parser
and a timeout for each packet in Python were half of a turn's time.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
import httpx2

# What may come before an answer's body; a server that sends more does not speak to us.
_MAX_HEADER_BYTES = 65_536
# Bytes nobody has read yet: with more the other side is made to wait.
_MAX_UNREAD_BYTES = 262_144
_ENDLESS = 86_400.0

# When waiting ends, by the loop's clock. Asked again and again: it moves while an answer comes.
Deadline = Callable[[], float]


class Connection(asyncio.Protocol):
    """Takes one request after the other. Raises httpx's errors."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._waits_since = 0.0
        self._deadline: Deadline = self._loop.time
        self._error: httpx2.TransportError | None = None
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._is_paused = False
        self._has_headers = self.is_whole = True
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._header_bytes = 0
        self._may_stay_open = True
        self._parser = httptools.HttpResponseParser(self)

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent: the answer before has come, and has been read, to its
        end. What nobody read of it would be the beginning of somebody else's."""
        is_read = self.is_whole and not self._unread and not self._is_paused
        return is_read and self._error is None and self._is_open

    @property
    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def silent_for(self, seconds: float | None) -> Deadline:
        """So long for each wait, without an end where it is None."""
        return lambda: self._waits_since + (_ENDLESS if seconds is None else seconds)

    async def request(self, message: bytes, deadline: Deadline) -> None:
        """Sends a whole request and waits for the answer's status and headers."""
        if self._transport is None or not self.is_usable:
            raise httpx2.WriteError("the connection is closed")
        self._parser = httptools.HttpResponseParser(self)
        self._has_headers = self.is_whole = False
        self.headers, self._header_bytes = [], 0
        self._transport.write(message)
        while not self._has_headers:
            self._check(deadline)
            await self._wait(deadline)

    async def read(self, deadline: Deadline) -> bytes:
        """What has come of the answer's body since the last call; empty after its end."""
        self._check(deadline)
        while not self._unread:
            if self.is_whole:
                return b""
            await self._wait(deadline)
        data = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        self._unread.clear()
        self._unread_bytes = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def abort(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _check(self, deadline: Deadline) -> None:
        """Where something always comes nobody waits long enough for the timer to ring."""
        self._waits_since = self._loop.time()
        if self._waits_since >= deadline():
            raise httpx2.ReadTimeout("its end did not come in time")

    async def _wait(self, deadline: Deadline) -> None:
        if self._error is not None:
            raise self._error
        self._deadline = deadline
        self._set_timer()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _set_timer(self) -> None:
        """Most packets leave the timer as it is: a deadline that has moved on is seen when it rings."""
        deadline = self._deadline()
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer, self._timer_at = self._loop.call_at(deadline, self._ring), deadline

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline():
            self._set_timer()
        else:
            self._waiter.set_exception(httpx2.ReadTimeout("nothing more came in time"))

    def _break(self, error: httpx2.TransportError) -> None:
        self._error = self._error or error
        self.abort()
        self._wake()

    def _has_too_many_headers(self) -> bool:
        """Finished ones, or one without an end."""
        finished = sum(len(name) + len(value) for name, value in self.headers)
        return max(finished, 0 if self._has_headers else self._header_bytes) > _MAX_HEADER_BYTES

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own is no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.is_whole:
            # Nothing was asked: whatever this is, it must not become the next answer's beginning.
            self.abort()
            return
        is_head = not self._has_headers
        if is_head:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(httpx2.RemoteProtocolError(f"no HTTP: {error}"))
        if is_head and self._has_too_many_headers():
            self._break(httpx2.RemoteProtocolError("too many headers"))
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        if self._error is None and not self.is_whole:
            if error is not None:
                self._error = httpx2.ReadError(str(error))
            elif self._has_headers and self._ends_with_connection:
                self.is_whole = True
            else:
                self._error = httpx2.RemoteProtocolError("cut before its end")
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_whole:
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Afterwards they are a trailer's.
        if not self._has_headers:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            # "Continue" and the like: the answer itself follows.
            self.headers = []
        elif not self._has_headers:
            self.status, self._has_headers = status, True
            self._may_stay_open = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        if self.is_whole:
            return
        self._unread.append(body)
        self._unread_bytes += len(body)
        if self._unread_bytes > _MAX_UNREAD_BYTES and not self._is_paused and self._is_open:
            assert self._transport is not None
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self._has_headers:
            return
        self.is_whole = True
        if not self._may_stay_open:
            self.abort()

    @property
    def _ends_with_connection(self) -> bool:
        names = {name.lower() for name, _ in self.headers}
        return not names & {b"content-length", b"transfer-encoding"}
