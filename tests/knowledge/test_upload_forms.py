"""How programs send a file: names in every form, without a length, by an old protocol, two at once."""

import json
import socket
from typing import Any

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from knowledge.models import Document
from tenants.context import tenant_context
from tests.live import Process

_BOUNDARY = b"BOUNDARY"


def part(disposition: str | bytes, content: bytes = b"words") -> bytes:
    told = disposition.encode() if isinstance(disposition, str) else disposition
    return b"--%b\r\nContent-Disposition: form-data; name=file; %b\r\n\r\n%b\r\n" % (
        _BOUNDARY,
        told,
        content,
    )


def send(
    web: Process,
    workspace: Workspace,
    *parts: bytes,
    version: str = "1.1",
    chunked: bool = False,
) -> tuple[int, dict[str, Any]]:
    """The status and the body of the answer to an upload of these parts, written byte by byte."""
    body = b"".join(parts) + b"--%b--\r\n" % _BOUNDARY
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = (
        f"POST /v1/documents HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {workspace.secret_key}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY.decode()}\r\n{length}\r\n\r\n"
    )
    if chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    top, _, rest = received.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(rest)


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('filename="a b.md"', "a b.md"),
        ("filename=plain.md", "plain.md"),
        (r'filename="say \"hi\".md"', 'say "hi".md'),
        ('filename="say %22hi%22.md"', 'say "hi".md'),
        ('filename="a;b=c.md"', "a;b=c.md"),
        ('filename="grüße.md"', "grüße.md"),
        ("filename*=UTF-8''gr%C3%BC%C3%9Fe.md", "grüße.md"),
        ("filename*=utf-8'de'%e2%82%ac%20rates.md", "€ rates.md"),
        ("filename*=iso-8859-1''gr%FCn.md", "grün.md"),
        ("filename=\"old.md\"; filename*=UTF-8''n%C3%A9w.md", "néw.md"),
        ("filename*=UTF-8''n%C3%A9w.md; filename=\"old.md\"", "néw.md"),
        ("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd.md", "passwd.md"),
    ],
)
def test_a_name_is_read_in_every_form_that_is_in_use(
    web: Process, workspace: Workspace, disposition: str, filename: str
) -> None:
    status, document = send(web, workspace, part(disposition))
    assert (status, document["filename"]) == (202, filename)


@pytest.mark.parametrize(
    "disposition",
    [
        'filename="grün.md"'.encode("latin-1"),
        b"filename*=nonsense''gr%C3%BC.md",
        b'filename=""',
    ],
)
def test_a_name_that_cannot_be_read_is_told_as_such(
    web: Process, workspace: Workspace, disposition: bytes
) -> None:
    status, refused = send(web, workspace, part(disposition))
    assert (status, refused["error"]["param"]) == (400, "file")
    assert "with a name in UTF-8" in refused["detail"]


@pytest.mark.parametrize("fields", [("file", "file"), ("file", "other"), ("files", "files")])
def test_two_files_in_a_request_are_refused_and_none_is_taken(
    web: Process, workspace: Workspace, fields: tuple[str, str]
) -> None:
    files = [(field, (f"{n}.md", f"words {n}".encode())) for n, field in enumerate(fields)]
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    answer = httpx.post(f"{web.url}/v1/documents", files=files, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")
    assert "one file in a request; this one has 2" in answer.json()["detail"]
    with tenant_context(workspace.tenant.id):
        assert not Document.objects.exists()


def test_a_file_may_come_without_a_length(web: Process, workspace: Workspace) -> None:
    content = b"words " * 30_000
    status, document = send(web, workspace, part('filename="a.md"', content), chunked=True)
    assert (status, document["filename"], document["bytes"]) == (202, "a.md", len(content))


def test_a_file_may_come_by_http_1_0(web: Process, workspace: Workspace) -> None:
    status, document = send(web, workspace, part('filename="a.md"'), version="1.0")
    assert (status, document["filename"]) == (202, "a.md")


def test_a_packed_file_is_refused_in_words(web: Process, workspace: Workspace) -> None:
    headers = {"Authorization": f"Bearer {workspace.secret_key}", "Content-Encoding": "gzip"}
    answer = httpx.post(
        f"{web.url}/v1/documents", files={"file": b"x"}, headers=headers, trust_env=False
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "without Content-Encoding" in answer.json()["detail"]
