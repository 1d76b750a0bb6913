"""Clients that take nothing, beside those that read: 200 sockets to which large frames are sent, and some
that send frames which are too large."""

import asyncio
import json
import socket
import time

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Origin
from websockets.uri import parse_uri

from bench.drill.storm import sizes
from bench.drill.storm.crowd import Tenant, Web
from bench.drill.storm.faults import Storm
from bench.drill.storm.machine import Program
from bench.drill.storm.visitor import Visitor

# An answer of some 240 kB, told in a few frames, and so often that no kernel holds all of it.
_WORDS, _TIMES = 10_000, 20
# So long all of them are given to be served (seconds each), so that nobody waits for the machine.
_SERVED = 0.006
_MEGABYTE = 1024 * 1024
# Of one frame: refused politely, and by the server itself.
_TOO_LARGE = {200_000: 4400, 300_000: 1009}


class Deaf:
    """A socket that asks for an answer again and again, and reads none of it."""

    def __init__(self, web: Web, tenant: Tenant, known: dict[str, str]) -> None:
        self._protocol = ClientProtocol(
            parse_uri(web.socket_url), origin=Origin(f"https://{tenant.host}")
        )
        self._socket = socket.socket()
        # Small, so that what is not read lies with the server.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", int(web.url.rpartition(":")[2])))
        self.port: int = self._socket.getsockname()[1]
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while self._protocol.state is State.CONNECTING:
            self._protocol.receive_data(self._socket.recv(1024))
        self.send("session.start", key=tenant.publishable_key, **known)

    def send(self, kind: str, **fields: object) -> None:
        self._protocol.send_text(json.dumps({"type": kind, **fields}).encode())
        self._flush()

    def _flush(self) -> None:
        try:
            self._socket.sendall(b"".join(self._protocol.data_to_send()))
        except OSError:
            # The server has closed it already.
            return

    def close(self) -> None:
        self._socket.close()


async def slow_clients(storm: Storm) -> None:
    crowd, tenant = storm.crowd, storm.crowd.tenants[0]
    host = Visitor(crowd, tenant, 0)
    told = await host.ask(words=_WORDS, delay=0)
    if told.status != "completed":
        storm.broken.append(f"the long answer ended as {told.status or told.refusal}")
        return
    before = _memory(storm)
    watch = asyncio.create_task(_most_memory(storm))
    deaf = [
        await asyncio.to_thread(Deaf, crowd.webs[number % 2], tenant, host.known)
        for number in range(sizes.DEAF)
    ]
    for _ in range(_TIMES):
        for each in deaf:
            await asyncio.to_thread(each.send, "turn.resume", turn_id=told.turn_id)
        await asyncio.sleep(_SERVED * len(deaf))
    storm.figures["deaf_sockets"] = len(deaf)
    took = await _closed(storm, {each.port for each in deaf})
    watch.cancel()
    for each in deaf:
        each.close()
    storm.bound("deaf_closed_after_s", took, sizes.DEAF_SECONDS)
    grown = max(most - before[name] for name, most in _seen.items())
    storm.bound("web_memory_grown_mb", grown, sizes.DEAF_MB)
    await _too_large(storm, tenant)


_seen: dict[str, float] = {}


async def _most_memory(storm: Storm) -> None:
    _seen.clear()
    while True:
        for name, size in _memory(storm).items():
            _seen[name] = max(_seen.get(name, 0), size)
        await asyncio.sleep(0.5)


def _memory(storm: Storm) -> dict[str, float]:
    return {web.name: web.tree[0].memory_info().rss / _MEGABYTE for web in storm.machine.webs}


async def _closed(storm: Storm, ports: set[int]) -> float:
    """Seconds until no web holds a connection to any of these; what it waits for at most otherwise."""
    began = time.monotonic()
    most = 3 * sizes.DEAF_SECONDS
    while (left := _held(storm.machine.webs, ports)) and time.monotonic() - began < most:
        await asyncio.sleep(0.5)
    storm.figures["deaf_left_open"] = left
    return time.monotonic() - began


def _held(webs: list[Program], ports: set[int]) -> int:
    return sum(
        connection.raddr.port in ports
        for web in webs
        for connection in web.tree[0].net_connections("tcp4")
        if connection.raddr and connection.status != psutil.CONN_LISTEN
    )


async def _too_large(storm: Storm, tenant: Tenant) -> None:
    for size, wanted in _TOO_LARGE.items():
        for web in storm.crowd.webs:
            origin = Origin(f"https://{tenant.host}")
            async with connect(web.socket_url, origin=origin, proxy=None, compression=None) as each:
                code = await _close_code(each, "x" * size)
            if code != wanted:
                storm.broken.append(f"a frame of {size} bytes closed with {code}")


async def _close_code(socket: ClientConnection, text: str) -> int | None:
    try:
        await socket.send(text)
        async with asyncio.timeout(10):
            async for _ in socket:
                continue
    except ConnectionClosed:
        pass
    return socket.close_code
