"""A visitor's page: one socket, which comes back on the other process whenever it breaks."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from bench.drill.storm.crowd import Crowd, Tenant
from bench.drill.storm.events import Reader
from bench.drill.storm.ledger import Told
from bench.drill.storm.sizes import THINKS

# Longer than any state may take: the lease of a process that died, the sweep and what is after them.
_PATIENCE = 150.0
_SILENCE = 45.0
# So that a process which was away has visitors again.
_COMES_ANEW = 0.3
_BROKEN = (WebSocketException, OSError, EOFError, TimeoutError)


class Refused(Exception):
    """The product said no; `retry_after` when it is worth asking again."""

    def __init__(self, code: str, retry_after: float | None) -> None:
        super().__init__(code)
        self.code, self.retry_after = code, retry_after


class Visitor:
    """Asks, reads to the end, thinks, and asks again."""

    def __init__(self, crowd: Crowd, tenant: Tenant, number: int) -> None:
        self._crowd, self._tenant, self._web = crowd, tenant, number % len(crowd.webs)
        self._socket: ClientConnection | None = None
        self.known: dict[str, str] = {}

    async def live(self) -> None:
        await self._crowd.pause(0, THINKS[1])
        while not self._crowd.over.is_set():
            await self.ask()
            await self._crowd.pause(*THINKS)
            if self._crowd.chance.random() < _COMES_ANEW:
                await self._reload()
        await self._reload()

    async def _reload(self) -> None:
        """A page that is opened again comes to either process."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
        self._web = self._crowd.chance.randrange(len(self._crowd.webs))

    async def ask(self, **special: Any) -> Told:
        """One turn, to its end or until patience is over; `special` is what is asked for in it."""
        reader = Reader(self._crowd.ask(self._tenant, **special))
        await self._ask(reader, None if special else self._crowd.cut_after())
        return reader.told

    async def _ask(self, reader: Reader, cut_after: int | None) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while not reader.told.status:
                    try:
                        await self._follow(reader, cut_after)
                    except Refused as refused:
                        reader.refuse(refused.code)
                        if refused.retry_after is None:
                            return
                        await asyncio.sleep(min(refused.retry_after, 2.0))
                    except _BROKEN:
                        self._leave()
                        reader.told.resumed += 1
                        await asyncio.sleep(0.1)
                    cut_after = None
        except TimeoutError:
            self._leave()

    async def _follow(self, reader: Reader, cut_after: int | None) -> None:
        socket = self._socket or await self._open()
        told = reader.told
        if told.turn_id:
            frame = {
                "type": "turn.resume",
                "turn_id": told.turn_id,
                "last_event_id": reader.last_id,
            }
        else:
            frame = {"type": "turn.create", "client_turn_id": told.mark, "text": told.question}
        await socket.send(json.dumps(frame))
        read = 0
        while not told.status:
            event = await _next(socket)
            if event["type"] == "error":
                raise Refused(event["code"], event.get("retry_after"))
            reader.take(event)
            if event["type"] == "turn.delta" and self._crowd.chance.random() < self._crowd.stops:
                await socket.send(json.dumps({"type": "turn.stop", "turn_id": told.turn_id}))
            read += 1
            if read == cut_after:
                socket.transport.abort()
                raise EOFError

    async def _open(self) -> ClientConnection:
        self._socket = socket = await connect(
            self._crowd.webs[self._web].socket_url,
            origin=Origin(f"https://{self._tenant.host}"),
            ssl=self._crowd.trust,
            proxy=None,
            compression=None,
            ping_interval=None,
            open_timeout=10,
            close_timeout=2,
        )
        start = {"type": "session.start", "key": self._tenant.publishable_key, **self.known}
        await socket.send(json.dumps(start))
        ready = await _next(socket)
        if ready["type"] != "session.ready":
            self._leave()
            raise Refused(ready["code"], ready.get("retry_after", 1.0))
        self.known = {name: ready[name] for name in ("visitor_token", "conversation_id")}
        return socket

    def _leave(self) -> None:
        """The next socket is opened on the other process."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None
        self._web = (self._web + 1) % len(self._crowd.webs)


async def _next(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(_SILENCE):
        frame: dict[str, Any] = json.loads(await socket.recv())
        return frame
