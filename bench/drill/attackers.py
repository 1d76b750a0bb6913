"""`python -m bench.drill.attackers NAME`: one stranger or tenant who does what once stopped all others.

Reads where and with which keys as JSON from standard input, and goes on until it is ended. It runs with
the lowest priority: what it costs the product is measured, not what it costs this machine.
"""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.knowledge.bombs import BOMBS

Target = dict[str, Any]
# What a refused attacker may meet, and tries again after.
_SHRUGGED_OFF = (httpx.HTTPError, WebSocketException, OSError, EOFError, asyncio.TimeoutError)


async def _for_ever(step: Callable[[], Awaitable[object]], *, times: int) -> None:
    async def one() -> None:
        while True:
            with suppress(*_SHRUGGED_OFF):
                await step()
            # Refused at once it would only burn this machine.
            await asyncio.sleep(0.01)

    await asyncio.gather(*(one() for _ in range(times)))


def _client(target: Target, **options: Any) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {target['secret_key']}"}
    return httpx.AsyncClient(
        base_url=target["url"],
        headers=headers,
        timeout=60,
        trust_env=False,
        limits=httpx.Limits(max_connections=200),
        **options,
    )


async def _ask(http: httpx.AsyncClient, target: Target, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    body = {"model": target["chatbot_id"], "messages": messages}
    await http.post("/v1/chat/completions", json=body)


async def _upload(http: httpx.AsyncClient, name: str, content: bytes) -> None:
    await http.post("/v1/documents", files={"file": (f"{uuid4().hex}-{name}", content)})


async def blanks(target: Target) -> None:
    """Texts on which a pattern may take the square or the cube of their length."""
    kinds = itertools.cycle(
        "= " + filler * (3_600 // len(filler)) + "=" for filler in (" ", "\t", "[", "A. ", "= ")
    )
    async with _client(target) as http:

        async def both() -> None:
            text = next(kinds)
            await _upload(http, "x.txt", f"{text}\nThe code is 4. {uuid4().hex}\n".encode())
            await _ask(http, target, text)

        await _for_ever(both, times=6)


async def pings(target: Target) -> None:
    """Sockets without key or session that send `ping` as fast as they can."""

    async def flood() -> None:
        async with connect(target["socket_url"], proxy=None, compression=None) as socket:
            while True:
                await socket.send('{"type": "ping"}')

    await _for_ever(flood, times=50)


async def bombs(target: Target) -> None:
    """Files that unfold, nest or lie, one after the other, three at a time."""
    made = [(name, make()) for _, name, make in BOMBS]
    order = itertools.cycle(made)
    async with _client(target) as http:

        async def drop() -> None:
            name, content = next(order)
            await _upload(http, name, content + b" " * (uuid4().int % 1000))
            await asyncio.sleep(1)

        await _for_ever(drop, times=3)


async def log_ins(target: Target) -> None:
    """Sixty at once from as many addresses, none of them right."""
    numbers = itertools.count()

    async def guess() -> None:
        number = next(numbers)
        transport = httpx.AsyncHTTPTransport(
            local_address=f"127.0.{number // 200 % 200 + 1}.{number % 200 + 2}"
        )
        async with httpx.AsyncClient(transport=transport, timeout=60, trust_env=False) as http:
            url = f"http://{target['host']}:{target['port']}/login"
            page = await http.get(url)
            token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
            form = {"email": f"{uuid4().hex}@example.org", "password": "wrong password here"}
            origin = {"Origin": f"http://{target['host']}:{target['port']}"}
            await http.post(url, data={**form, "csrfmiddlewaretoken": token}, headers=origin)

    await _for_ever(guess, times=60)


async def deletion(target: Target) -> None:
    """A chatbot with 40,000 conversations is deleted while its tenant's visitors ask."""
    async with _client(target) as http:
        chatbots = iter(target["large_chatbots"])

        async def delete() -> None:
            await http.delete(f"/v1/chatbots/{next(chatbots, uuid4())}")
            await asyncio.sleep(2)

        async def ask() -> None:
            await _ask(http, target, "What is the code?")

        await asyncio.gather(_for_ever(delete, times=1), _for_ever(ask, times=20))


async def impatience(target: Target) -> None:
    """A hundred visitors of one address who ask again and again, whatever they are told."""

    async def hurry() -> None:
        origin: Any = f"https://{target['host']}"
        async with connect(
            target["socket_url"], proxy=None, compression=None, origin=origin
        ) as socket:
            await socket.send(
                json.dumps({"type": "session.start", "key": target["publishable_key"]})
            )
            while True:
                turn = {"type": "turn.create", "client_turn_id": uuid4().hex, "text": "The code?"}
                await socket.send(json.dumps(turn))
                await socket.recv()

    await _for_ever(hurry, times=100)


async def bodies(target: Target) -> None:
    """Twenty bodies of 25 MB without a key, of which the last byte never comes."""

    async def stay() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", target["port"])
        head = (
            f"POST /v1/documents HTTP/1.1\r\nHost: {target['host']}\r\nContent-Length: 25000000\r\n"
        )
        writer.write(head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        for _ in range(24):
            writer.write(bytes(1_000_000))
            await writer.drain()
        await reader.read()
        writer.close()

    await _for_ever(stay, times=20)


ATTACKS = {
    attack.__name__: attack
    for attack in (blanks, pings, bombs, log_ins, deletion, impatience, bodies)
}

if __name__ == "__main__":
    os.nice(19)
    asyncio.run(ATTACKS[sys.argv[1]](json.load(sys.stdin)))
