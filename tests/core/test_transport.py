"""The connections to providers, against servers that say byte for byte what they are told to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.http.transport import DEADLINE, Transport

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Kind: chunked\r\n\r\n"
    b"5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Trailer: 1\r\n\r\n"
)
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world"


@asynccontextmanager
async def serving(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            # The other side hangs up where a test wants it to.
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1/x"
    finally:
        server.close()


@asynccontextmanager
async def client(*, most: int = 4, seconds: float = 20.0) -> AsyncIterator[httpx2.AsyncClient]:
    transport = Transport(most=most, kept=2)
    async with httpx2.AsyncClient(transport=transport, timeout=seconds, trust_env=False) as made:
        yield made


def always(answer: bytes, *, pieces: int = 0, close: bool = False) -> Speak:
    """Reads requests without a body and answers each; `pieces` bytes at a time."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            for at in range(0, len(answer), pieces or len(answer)):
                writer.write(answer[at : at + (pieces or len(answer))])
                await writer.drain()
                await asyncio.sleep(0)
            if close:
                writer.close()
                return

    return speak


async def get(url: str) -> httpx2.Response:
    async with client() as http:
        return await http.get(url)


@pytest.mark.parametrize("pieces", [0, 1, 7])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CHUNKED, id="chunked"),
        pytest.param(SIZED, id="sized"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED, id="continue"),
    ],
)
async def test_an_answer_is_read_however_it_is_cut_into_packets(answer: bytes, pieces: int) -> None:
    async with serving(always(answer, pieces=pieces)) as url, client() as http:
        for _ in range(3):
            response = await http.get(url)
            assert (response.status_code, response.text) == (200, "hello, world")
            assert "x-trailer" not in response.headers


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async with serving(always(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True)) as url:
        assert (await get(url)).text == "hello"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CHUNKED[:-20], id="chunked"),
        pytest.param(SIZED[:-1], id="sized"),
        pytest.param(SIZED[:20], id="in its headers"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc", id="upgrade"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", id="headers"),
        pytest.param(CHUNKED[: CHUNKED.index(b"7\r\n")] + b"zz\r\n", id="no chunk"),
    ],
)
async def test_an_answer_that_is_cut_or_none_is_an_error(answer: bytes) -> None:
    async with serving(always(answer or b" ", close=True)) as url:
        with pytest.raises(httpx2.RemoteProtocolError):
            await get(url)


async def count_connections(answer: bytes, times: int = 3) -> int:
    connections = 0
    speak = always(answer)

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await speak(reader, writer)

    async with serving(counted) as url, client() as http:
        for _ in range(times):
            assert (await http.get(url)).text == "hello, world"
    return connections


async def test_a_connection_is_used_again() -> None:
    assert await count_connections(CHUNKED) == 1


async def test_a_connection_is_not_used_again_when_its_server_says_so() -> None:
    assert await count_connections(SIZED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)) == 3


async def test_what_comes_unasked_is_never_part_of_an_answer() -> None:
    foreign = SIZED.replace(b"hello, world", b"another one!")
    assert await count_connections(SIZED + foreign) == 3


@dataclass
class Told:
    """A server that answers /foreign in two halves, the second when it is told to, and all else with
    SIZED at once. `said` is set when the second half has gone out."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    said: asyncio.Event = field(default_factory=asyncio.Event)
    secret: bytes = b"the rest of somebody else's answer"

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            asked = await reader.readuntil(b"\r\n\r\n")
            if b"/foreign" not in asked:
                writer.write(SIZED)
                continue
            length = 5 + len(self.secret)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello" % length)
            await self.go.wait()
            writer.write(self.secret)
            self.said.set()


@pytest.mark.parametrize("size", [34, 400_000])
@pytest.mark.parametrize("reads", [0, 1])
async def test_the_rest_of_an_answer_that_was_given_up_is_nobodys(reads: int, size: int) -> None:
    """It has come before the reader leaves, who looks at it no more: a stop, in a busy process."""
    told = Told(secret=b"s" * size)
    async with serving(told.speak) as url, client(most=1) as http:
        async with http.stream("GET", f"{url}/foreign") as response:
            parts = response.aiter_raw()
            for _ in range(reads):
                assert await anext(parts) == b"hello"
            told.go.set()
            await told.said.wait()
            # The rest lies in this process, or as much of it as it takes.
            await asyncio.sleep(0.1)
        assert (await http.get(f"{url}/own")).text == "hello, world"


async def test_an_answers_status_is_its_own() -> None:
    """Another answer in the same packet is nobody's."""
    refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    async with serving(always(refused + SIZED)) as url:
        assert (await get(url)).status_code == 401


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 "])
async def test_a_header_without_end_is_given_up(beginning: bytes) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning)
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with serving(endless) as url:
        with pytest.raises(httpx2.RemoteProtocolError, match="too many headers"):
            await get(url)
    assert sent < 20_000_000


async def test_a_flood_ends_at_the_deadline_too() -> None:
    """Where something always comes no wait is ever long."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b": ping\n" * 9_000)
            await writer.drain()

    until = asyncio.get_running_loop().time() + 0.3
    async with serving(flood) as url, client() as http:
        request = http.build_request("GET", url, extensions={DEADLINE: lambda: until})
        response = await http.send(request, stream=True)
        with pytest.raises(httpx2.ReadTimeout):
            async with asyncio.timeout(60):
                async for _ in response.aiter_raw():
                    pass
        await response.aclose()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED[: CHUNKED.index(b"7\r\n")])
    await reader.read()


async def test_silence_ends_at_the_deadline_which_may_move() -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + 3600
    async with serving(silent) as url, client() as http:
        request = http.build_request("GET", url, extensions={DEADLINE: lambda: until})
        response = await http.send(request, stream=True)
        parts = response.aiter_raw()
        assert await anext(parts) == b"hello"
        until = loop.time() + 0.1
        with pytest.raises(httpx2.ReadTimeout):
            await anext(parts)
        await response.aclose()


async def test_silence_ends_after_the_time_for_one_read() -> None:
    async with serving(silent) as url, client(seconds=0.2) as http:
        with pytest.raises(httpx2.ReadTimeout):
            await http.get(url)


async def test_who_finds_no_free_connection_waits_only_so_long() -> None:
    async with serving(silent) as url, client(most=1) as http, http.stream("GET", url):
        with pytest.raises(httpx2.PoolTimeout):
            await http.get(url, timeout=httpx2.Timeout(20, pool=0.1))


async def test_a_closed_port_is_an_error_of_its_own() -> None:
    async with serving(silent) as url:
        pass
    with pytest.raises(httpx2.ConnectError):
        await get(url)


async def test_an_answer_faster_than_its_reader_is_held_back() -> None:
    size = 64_000_000
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 64_000):
            writer.write(bytes(64_000))
            await writer.drain()
            sent += 64_000

    async with serving(flood) as url, client() as http, http.stream("GET", url) as response:
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.2)
        # What the kernel and both sides' buffers hold, far from all of it.
        assert sent < size / 2
        read = 0
        async for part in response.aiter_raw():
            read += len(part)
        assert read == size


async def test_no_header_becomes_two() -> None:
    async with serving(always(SIZED)) as url, client() as http:
        with pytest.raises(httpx2.LocalProtocolError):
            await http.get(url, headers={"Authorization": "Bearer k\r\nX-Other: 1"})


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with serving(always(SIZED), self_signed(tmp_path)) as url:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await get(url)
