"""A client that sends too much is closed, and nobody else waits for it."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from chatbot_saas.realtime.budgets import FrameBudget, OpenSockets
from chatbot_saas.realtime.close_codes import TOO_MUCH
from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import Chat
from tests.eventually import eventually
from tests.live import Process

FLOOD = 400_000
# CPU seconds of the whole process, which worked 2.8 for so many pings without a budget.
CPU_SECONDS = 0.5


@pytest.fixture(scope="module")
def flooded() -> Iterator[Process]:
    with Process("web", environment={"SOCKETS_PER_ADDRESS": "4"}) as process:
        yield process


def send_many(chat: Chat, number: int) -> None:
    """As many pings as the server takes before it closes."""
    with suppress(ConnectionClosed):
        for _ in range(number):
            chat.send("ping")


def test_pings_before_a_session_are_few(flooded: Process) -> None:
    with Chat(flooded.socket_url) as chat:
        send_many(chat, 50)
        pongs = 0
        try:
            while chat.next()["type"] == "pong":
                pongs += 1
        except Exception:
            assert chat.close_code() == TOO_MUCH
        assert pongs == 5


def test_a_session_may_send_what_a_person_does_and_no_flood(
    flooded: Process, workspace: Workspace
) -> None:
    with Chat(flooded.socket_url, workspace.publishable_key) as chat:
        for _ in range(60):
            chat.send("ping")
            chat.receive("pong")
        send_many(chat, 300)
        assert chat.close_code() == TOO_MUCH


def test_who_is_told_to_wait_is_heard_later_each_time(web: Process, workspace: Workspace) -> None:
    with Chat(web.socket_url, workspace.publishable_key) as chat:
        began = time.monotonic()
        for number in range(40):
            chat.send("turn.create", client_turn_id=f"again-{number}", text="What is the code?")
        told = 0
        while told < 4:
            told += "retry_after" in chat.next()
        # One second, two and four.
        assert time.monotonic() - began > 6.5


def raw_socket(process: Process) -> socket.socket:
    """A socket after its handshake, for bytes that no client library sends."""
    raw = socket.create_connection(("127.0.0.1", process.port))
    raw.sendall(
        b"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(4_096)
    assert answer.startswith(b"HTTP/1.1 101")
    return raw


def close_code(raw: socket.socket) -> int:
    raw.settimeout(20)
    received = b""
    try:
        while piece := raw.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    # The close frame is the last one; pongs of nothing stand before it.
    at = received.rfind(b"\x88")
    return int.from_bytes(received[at + 2 : at + 4], "big")


@pytest.mark.parametrize(
    ("opcode", "data"),
    [
        (Opcode.PING, b""),
        (Opcode.PONG, b""),
        (Opcode.TEXT, b'{"type":"ping"}'),
        (Opcode.CONT, b""),
    ],
)
def test_a_flood_of_frames_takes_no_time(flooded: Process, opcode: Opcode, data: bytes) -> None:
    first = (
        Frame(Opcode.TEXT, b"{", fin=False).serialize(mask=True) if opcode is Opcode.CONT else b""
    )
    frame = Frame(opcode, data, fin=opcode is not Opcode.CONT).serialize(mask=True)
    process = psutil.Process(flooded.pid)
    with raw_socket(flooded) as raw:
        before = sum(process.cpu_times()[:2])
        try:
            raw.sendall(first + frame * FLOOD)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert close_code(raw) == TOO_MUCH
        assert sum(process.cpu_times()[:2]) - before < CPU_SECONDS


def test_an_address_has_so_many_sockets_and_no_more(flooded: Process) -> None:
    with ExitStack() as stack:

        def opened() -> bool:
            chat = Chat(flooded.socket_url)
            try:
                chat.send("ping")
                is_open = bool(chat.next()["type"] == "pong")
            except Exception:
                assert chat.close_code() == TOO_MUCH
                return False
            stack.enter_context(chat)
            return is_open

        # Those of the tests before may still be on their way out.
        for _ in range(4):
            eventually(opened)
        assert not opened()
        stack.close()
        eventually(opened)


@given(st.lists(st.floats(0, 10), max_size=50).map(sorted))
def test_a_budget_never_gives_more_than_it_has(times: list[float]) -> None:
    budget = FrameBudget(burst=5, per_second=2)
    taken = 0
    for now in times:
        if not budget.take(now):
            break
        taken += 1
    assert taken <= 5 + 2 * (times[-1] if times else 0)


def test_addresses_are_counted_by_household() -> None:
    sockets = OpenSockets()
    assert sockets.enter("2001:db8::1", limit=1)
    assert not sockets.enter("2001:db8::ffff", limit=1)
    assert sockets.enter("2001:db8:0:1::1", limit=1)
    assert sockets.enter("192.0.2.1", limit=1)
    assert not sockets.enter("::ffff:192.0.2.1", limit=1)
    sockets.leave("2001:db8::1")
    assert sockets.enter("2001:db8::2", limit=1)
    assert sockets.enter("", limit=1)
