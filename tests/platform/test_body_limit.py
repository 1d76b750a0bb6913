"""A body that is too large is refused while it arrives, with or without a key or a length."""

from collections.abc import Iterator

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
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
def test_a_body_that_is_too_large_gets_413(web: Process, path: str, body: bytes | int) -> None:
    content = endless(body) if isinstance(body, int) else body
    reply = httpx.post(f"{web.url}{path}", content=content, trust_env=False, timeout=20)
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
