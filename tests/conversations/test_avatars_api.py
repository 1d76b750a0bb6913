"""A chatbot's picture over the API: set as a form or as itself, read, removed, and what is refused."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.pictures import MAX_PICTURE_BYTES
from tenants.context import tenant_context
from tenants.workspace.models import AuditEvent
from tests.conversations.pictures import JPG, WEBP, png
from tests.live import Process


@pytest.fixture
def http(web: Process, workspace: Workspace) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


def where(workspace: Workspace) -> str:
    return f"/v1/chatbots/{workspace.chatbot_id}/avatar"


@pytest.mark.parametrize(
    ("content", "media"), [(png(), "image/png"), (JPG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_a_picture_is_set_either_way_read_and_removed(
    http: httpx.Client, workspace: Workspace, content: bytes, media: str
) -> None:
    path, chatbot = where(workspace), f"/v1/chatbots/{workspace.chatbot_id}"
    assert http.get(path).status_code == 404
    assert http.put(path, files={"file": ("me", content)}).status_code == 204
    named = http.get(chatbot).json()["avatar"]
    # What it is, is told by its content.
    wrong = {"Content-Type": "image/png"}
    assert http.put(path, content=content, headers=wrong).status_code == 204
    assert http.get(chatbot).json()["avatar"] == named != ""
    read = http.get(path)
    assert (read.status_code, read.headers["content-type"]) == (200, media)
    assert read.headers["content-security-policy"] == "default-src 'none'; sandbox"
    # What was read can be set again, and is the same.
    assert http.put(path, content=read.content, headers={"Content-Type": media}).status_code == 204
    assert http.get(path).content == read.content
    assert [http.delete(path).status_code for _ in range(2)] == [204, 204]
    assert http.get(path).status_code == 404
    assert http.get(chatbot).json()["avatar"] == ""
    with tenant_context(workspace.tenant.id):
        changes = AuditEvent.objects.filter(action="chatbot.changed").order_by("pk")
        # Of the second removal there is nothing to tell.
        assert [each.data.get("changes") for each in changes][-1] == {"avatar": [named, ""]}
        assert changes.count() == 4


def _raw(content: bytes, media: str = "image/png") -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Type": media}}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (_raw(b""), 400),
        (_raw(b"no picture"), 400),
        (_raw(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 400),
        (_raw(png()[:-20]), 400),
        (_raw(png() + b"\0" * MAX_PICTURE_BYTES), 413),
        (_raw(b"\0" * 1_100_000), 413),
        (_raw(png(), "image/svg+xml"), 415),
        (_raw(png(), "application/json"), 415),
        ({"json": {"file": "me.png"}}, 415),
        ({"files": {"picture": ("me.png", png())}}, 400),
        ({"files": [("file", ("a.png", png())), ("file", ("b.png", png()))]}, 400),
        ({"files": {"file": ("me.png", png() + b"\0" * MAX_PICTURE_BYTES)}}, 413),
        ({"files": {"file": ("me.png", b"")}}, 400),
    ],
)
def test_what_is_no_picture_is_refused_and_the_old_one_stays(
    http: httpx.Client, workspace: Workspace, sent: dict[str, Any], status: int
) -> None:
    path = where(workspace)
    assert http.put(path, files={"file": ("me.png", png())}).status_code == 204
    answer = http.put(path, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert http.get(path).content == png()
