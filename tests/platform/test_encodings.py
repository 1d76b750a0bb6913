"""Bodies in every form that programs send: packed, in pieces, marked, and in the wrong letters."""

import asyncio
import gzip
import json
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings

from chatbot_saas.gate.encodings import inflate
from conversations.chatbots.onboarding import Workspace
from core.errors import InvalidRequest, PayloadTooLarge
from tests.live import Process

TOO_LARGE = PayloadTooLarge("too large")


@pytest.fixture
def http(web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


def turn(workspace: Workspace) -> tuple[str, dict[str, Any]]:
    """An asynchronous view's path and body; `("/v1/chatbots", …)` is a synchronous one's."""
    return f"/v1/chatbots/{workspace.chatbot_id}/turns", {"text": "Hi", "client_turn_id": "1"}


def both(workspace: Workspace) -> list[tuple[str, dict[str, Any], int]]:
    return [("/v1/chatbots", {"name": "Nine"}, 201), (*turn(workspace), 200)]


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_a_packed_body_is_unpacked(http: httpx.Client, workspace: Workspace, name: str) -> None:
    for path, body, status in both(workspace):
        packed = gzip.compress(json.dumps(body).encode())
        answer = http.post(path, content=packed, headers={"Content-Encoding": name})
        expected = 415 if "," in name else status
        assert answer.status_code == expected, answer.text


def in_pieces(body: bytes) -> Iterator[bytes]:
    yield from (body[at : at + 7] for at in range(0, len(body), 7))


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_may_come_in_pieces_without_a_length(
    http: httpx.Client, workspace: Workspace, packed: bool
) -> None:
    headers = {"Content-Encoding": "gzip"} if packed else {}
    for path, body, status in both(workspace):
        raw = json.dumps(body).encode()
        content = in_pieces(gzip.compress(raw) if packed else raw)
        answer = http.post(path, content=content, headers=headers)
        assert answer.status_code == status, answer.text


def test_what_unfolds_beyond_the_limit_is_refused(http: httpx.Client) -> None:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for size, status in ((limit - 20, 400), (limit + 1, 413), (400 * limit, 413)):
        bomb = gzip.compress(b" " * size)
        assert len(bomb) < limit
        answer = http.post("/v1/chatbots", content=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == status, size
        assert answer.headers["content-type"] == "application/problem+json"


def test_no_more_is_unpacked_than_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(PayloadTooLarge):
        inflate(bomb, limit=1_000, too_large=TOO_LARGE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


PACKED = gzip.compress(b"{}", mtime=0)
NO_GZIP = {
    "nothing": b"",
    "words": b"no gzip",
    "another frame": zlib.compress(b"{}"),
    "cut": PACKED[:-3],
    "something after it": PACKED + b"more",
    "two of them": PACKED * 2,
    "a wrong sum": PACKED[:-8] + b"\0" * 8,
}


@pytest.mark.parametrize("name", NO_GZIP)
def test_what_is_no_gzip_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="gzip"):
        inflate(NO_GZIP[name], limit=1_000, too_large=TOO_LARGE)


def test_no_body_is_none_however_it_is_packed(http: httpx.Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert http.get("/v1/models", headers=headers).status_code == 200
    assert "empty" in http.post("/v1/chatbots", headers=headers).json()["detail"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "nonsense"])
def test_another_packing_is_named(http: httpx.Client, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    answer = http.post("/v1/chatbots", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "gzip" in answer.json()["detail"]


REASONS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b"  \n", "empty"),
    "Latin-1": ('{"name": "Café"}'.encode("latin-1"), "not UTF-8: there is the byte 0xE9 at 13"),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), "UTF-16"),
    "UTF-32": ('{"name": "x"}'.encode("utf-32"), "UTF-32"),
    "the first half": (b'{"name": "\\ud83d"}', "half of a surrogate pair"),
    "the first half, and more": (b'{"name": "\\ud83d and so on"}', "half of a surrogate pair"),
    "the second half": (b'{"name": "\\ude00"}', "half of a surrogate pair"),
    "half of it as bytes": (b'{"name": "\xed\xa0\xbd"}', "half of a surrogate pair"),
    "cut": (b'{"name": "x"', "ends before its end"),
    "a comma": (b'{"name": "x",}', "trailing comma in object (byte 13)"),
    "a form": (b"name=x", "invalid character (byte"),
    "deep": (b'{"a":' * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_real_reason_is_told(http: httpx.Client, name: str) -> None:
    raw, reason = REASONS[name]
    for path in ("/v1/chatbots", "/v1/chat/completions"):
        answer = http.post(path, content=raw)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert reason in answer.json()["detail"]


def test_a_whole_pair_and_a_mark_are_no_mistakes(http: httpx.Client, workspace: Workspace) -> None:
    body = b'\xef\xbb\xbf{"name": "\\ud83d\\ude00"}'
    assert http.post("/v1/chatbots", content=body).json()["name"] == "😀"
    path, asked = turn(workspace)
    marked = b"\xef\xbb\xbf" + json.dumps(asked).encode()
    assert http.post(path, content=marked).status_code == 200


def test_no_pattern_is_shown_to_people(http: httpx.Client, workspace: Workspace) -> None:
    path, asked = turn(workspace)
    answer = http.post(path, json={**asked, "client_turn_id": "a\x00b"})
    assert answer.json()["error"]["param"] == "client_turn_id"
    assert "character that it may not hold" in answer.json()["detail"]
    assert "^" not in answer.text
    assert "regex" not in answer.text
    color = http.post("/v1/chatbots", json={"name": "x", "color": "red"}).json()
    assert color["error"]["param"] == "color"
    assert "^" not in color["detail"]


async def read_all(port: int, request: bytes) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    received = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    return head.lower(), body


@pytest.mark.parametrize("kept", ["", "Connection: keep-alive\r\n"])
async def test_a_stream_by_http_1_0_has_no_chunks(
    web: Process, workspace: Workspace, kept: str
) -> None:
    path, asked = turn(workspace)
    raw = json.dumps(asked).encode()
    head, body = await read_all(
        web.port,
        f"POST {path} HTTP/1.0\r\nHost: localhost\r\n{kept}Content-Length: {len(raw)}\r\n"
        f"Authorization: Bearer {workspace.secret_key}\r\n\r\n".encode()
        + raw,
    )
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body.startswith(b"id: ")
    assert b"event: turn.completed" in body


async def test_a_program_of_http_1_0_needs_no_host(web: Process, workspace: Workspace) -> None:
    request = f"GET /v1/models HTTP/1.0\r\nAuthorization: Bearer {workspace.secret_key}\r\n\r\n"
    head, body = await read_all(web.port, request.encode())
    assert head.startswith(b"http/1.1 200")
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["data"][0]["id"] == str(workspace.chatbot_id)


async def test_by_http_1_1_a_stream_goes_on_in_chunks(web: Process, workspace: Workspace) -> None:
    path, asked = turn(workspace)
    raw = json.dumps(asked).encode()
    head, body = await read_all(
        web.port,
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Length: {len(raw)}\r\nAuthorization: Bearer {workspace.secret_key}\r\n\r\n".encode()
        + raw,
    )
    assert b"transfer-encoding: chunked" in head
    assert body.endswith(b"0\r\n\r\n")


def test_a_body_that_stops_in_the_middle_is_answered_by_nobody(
    web: Process, workspace: Workspace
) -> None:
    """The process goes on."""
    head = (
        f"POST /v1/chatbots HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
        f"Authorization: Bearer {workspace.secret_key}\r\nContent-Length: 100\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", web.port)) as connection:
        connection.sendall(head.encode() + b"abc")
    assert httpx.get(f"{web.url}/healthz", trust_env=False).status_code == 200
