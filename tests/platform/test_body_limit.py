"""A body that is too large is refused while it arrives, with or without a key or a length."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from chatbot_saas.gate.senders import AT_ONCE
from conversations.chatbots.onboarding import Workspace
from tests.eventually import eventually
from tests.live import Process

MEGABYTE = b"x" * 1_000_000


def endless(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield MEGABYTE


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", MEGABYTE * 2),
        ("/v1/documents", MEGABYTE * 30),
        ("/v1/chat/completions", 2),
        ("/v1/documents", 30),
    ],
    ids=["json with length", "file with length", "json without", "file without"],
)
def test_a_body_that_is_too_large_gets_413(
    web: Process, workspace: Workspace, path: str, body: bytes | int
) -> None:
    content = endless(body) if isinstance(body, int) else body
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    reply = httpx.post(
        f"{web.url}{path}", content=content, headers=headers, trust_env=False, timeout=60
    )
    assert reply.status_code == 413
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "payload_too_large"
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


def test_a_body_without_end_is_cut_off(web: Process) -> None:
    sent = 0

    def without_end() -> Iterator[bytes]:
        nonlocal sent
        while sent < 500:
            sent += 1
            yield MEGABYTE

    try:
        httpx.post(f"{web.url}/v1/documents", content=without_end(), trust_env=False, timeout=20)
    except httpx.TransportError:
        pass
    assert sent < 200


def test_a_host_that_is_none_and_too_many_fields_are_refused_without_a_traceback(
    web: Process, workspace: Workspace
) -> None:
    with Process("web") as own:
        strange = httpx.get(f"{own.url}/healthz2", headers={"Host": "a b_c/"}, trust_env=False)
        fields = {f"f{number}": (None, "x") for number in range(1100)}
        many = httpx.post(
            f"{own.url}/v1/documents",
            headers={"Authorization": f"Bearer {workspace.secret_key}"},
            files=fields,
            trust_env=False,
        )
        assert (strange.status_code, many.status_code) == (400, 400)
        assert many.json()["code"] == "invalid_request"
        assert "Traceback" not in own.log()


def spooled(web: Process) -> int:
    """Files without a name that the process holds: bodies on their way."""
    found = 0
    for link in (Path("/proc") / str(web.pid) / "fd").iterdir():
        # It may be closed between the two looks.
        with suppress(FileNotFoundError):
            found += str(link.readlink()).endswith("(deleted)")
    return found


@contextmanager
def most_of_a_body(web: Process, authorization: str) -> Iterator[None]:
    """20 of 25 MB are sent, and the web has read them but for what the kernel holds."""
    head = (
        "POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 25000000\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n{authorization}\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
    )
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=60)) as connection:
        connection.sendall(head.encode() + MEGABYTE * 20)
        yield


def test_a_strangers_large_body_is_not_taken_in(workspace: Workspace) -> None:
    """Spooled, twenty of them held half a gigabyte."""
    key = f"Authorization: Bearer {workspace.secret_key}"
    with Process("web") as web:
        before = spooled(web)
        for authorization in ("", f"{key[:-1]}{'0' if key[-1] != '0' else '1'}\r\n"):
            with most_of_a_body(web, authorization):
                assert spooled(web) == before
        with most_of_a_body(web, f"{key}\r\n"):
            eventually(lambda: spooled(web) == before + 1)


def test_a_stranger_is_told_to_show_a_key_and_who_sends_too_much_to_wait(
    workspace: Workspace,
) -> None:
    key = {"Authorization": f"Bearer {workspace.secret_key}"}
    with Process("web") as web:

        def send(headers: dict[str, str]) -> tuple[int, str]:
            answer = httpx.post(
                f"{web.url}/v1/documents",
                files={"file": ("x.txt", MEGABYTE * 2)},
                headers=headers,
                timeout=60,
                trust_env=False,
            )
            return answer.status_code, answer.json().get("code", "")

        assert send({}) == (401, "unauthenticated")
        with ExitStack() as stack:
            for _ in range(AT_ONCE):
                line = f"Authorization: {key['Authorization']}\r\n"
                stack.enter_context(most_of_a_body(web, line))
            assert send(key) == (429, "rate_limited")
        eventually(lambda: send(key)[0] != 429)


def test_the_public_key_of_a_page_brings_no_file_and_takes_nobodys_place(
    workspace: Workspace,
) -> None:
    with Process("web") as web, ExitStack() as stack:
        for _ in range(AT_ONCE):
            line = f"Authorization: Bearer {workspace.publishable_key}\r\n"
            stack.enter_context(most_of_a_body(web, line))
        answers = [
            httpx.post(
                f"{web.url}/v1/documents",
                files={"file": ("x.txt", MEGABYTE * 2)},
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
                trust_env=False,
            ).status_code
            for key in (workspace.publishable_key, workspace.secret_key)
        ]
    assert answers == [403, 202]
