"""The transport of an `httpx2.AsyncClient`: which connection carries a request, and for how long."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import Any

import httpx2

from core.http.connection import Connection, Deadline

# Idle for longer it is closed: a server's own limit is often five seconds, and is seen when it comes.
_KEPT_SECONDS = 30.0
# Of a request's extensions: when its answer is given up, instead of a time for each read.
DEADLINE = "deadline"


class Transport(httpx2.AsyncBaseTransport):
    """At most `most` connections at once, of which `kept` stay open without work. One loop's."""

    def __init__(self, *, most: int, kept: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._seats = asyncio.Semaphore(most)
        self._kept = kept
        self._idle: dict[httpx2.URL, list[tuple[float, Connection]]] = {}
        self._tls = httpx2.create_ssl_context(trust_env=False)
        self._tls.set_alpn_protocols(["http/1.1"])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        times = request.extensions.get("timeout", {})
        deadline: Deadline | None = request.extensions.get(DEADLINE)
        message = _head(request) + await request.aread()
        await self._take_seat(times.get("pool"))
        origin = request.url.copy_with(raw_path=b"/")
        connection = None
        try:
            connection = self._take_idle(origin)
            if connection is None:
                connection = await self._connect(origin, deadline, times.get("connect"))
            deadline = deadline or connection.silent_for(times.get("read"))
            await connection.request(message, deadline)
        except BaseException:
            self._give_back(origin, connection)
            raise
        return httpx2.Response(
            connection.status,
            headers=connection.headers,
            stream=_Body(connection, deadline, lambda: self._give_back(origin, connection)),
            request=request,
        )

    async def aclose(self) -> None:
        for connections in self._idle.values():
            for _, connection in connections:
                connection.abort()
        self._idle.clear()
        # The loop closes what was aborted in its next round.
        await asyncio.sleep(0)

    async def _take_seat(self, seconds: float | None) -> None:
        if not self._seats.locked():
            # Without a timer, which would cost more than the seat.
            await self._seats.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._seats.acquire()
        except TimeoutError as error:
            raise httpx2.PoolTimeout("all connections are in use") from error

    def _take_idle(self, origin: httpx2.URL) -> Connection | None:
        """The one used last: the others may grow old."""
        connections = self._idle.get(origin, [])
        now = self._loop.time()
        while connections:
            since, connection = connections.pop()
            if connection.is_usable and now - since < _KEPT_SECONDS:
                return connection
            connection.abort()
        return None

    def _give_back(self, origin: httpx2.URL, connection: Connection | None) -> None:
        self._seats.release()
        if connection is None:
            return
        connections = self._idle.setdefault(origin, [])
        if connection.is_usable:
            connections.append((self._loop.time(), connection))
            while len(connections) > self._kept:
                connections.pop(0)[1].abort()
        else:
            connection.abort()

    async def _connect(
        self, origin: httpx2.URL, deadline: Deadline | None, seconds: float | None
    ) -> Connection:
        until = inf if deadline is None else deadline()
        if seconds is not None:
            until = min(until, self._loop.time() + seconds)
        secure = origin.scheme == "https"
        try:
            async with asyncio.timeout_at(None if until == inf else until):
                _, connection = await self._loop.create_connection(
                    Connection,
                    origin.raw_host.decode("ascii"),
                    origin.port or (443 if secure else 80),
                    ssl=self._tls if secure else None,
                )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("it could not be reached in time") from error
        except (OSError, ssl.SSLError) as error:
            raise httpx2.ConnectError(str(error)) from error
        return connection


class _Body(httpx2.AsyncByteStream):
    def __init__(
        self, connection: Connection, deadline: Deadline, give_back: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._deadline = deadline
        self._give_back: Callable[[], None] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self._connection.read(self._deadline):
            yield data

    async def aclose(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


def _head(request: httpx2.Request) -> bytes:
    lines: list[Any] = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    for name, value in request.headers.raw:
        if b"\r" in value or b"\n" in value:
            raise httpx2.LocalProtocolError("a header's value holds a line break")
        lines.append(b"%s: %s" % (name, value))
    return b"\r\n".join((*lines, b"", b""))
