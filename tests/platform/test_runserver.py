"""`manage.py runserver`: one process with Daphne serves pages, the API and sockets."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from django.apps import apps
from django.conf import settings

from conversations.chatbots.onboarding import Workspace, create_workspace
from tests.conversations.client import ORIGIN, Chat, ingest, text_of
from tests.conversations.conftest import HANDBOOK
from tests.live import ROOT
from tests.reliability.test_up import free_port

_START_SECONDS = 60.0


@pytest.fixture(scope="module")
def daphne() -> Iterator[str]:
    """The address of a development server, as somebody at a desk starts it."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", address, "--noreload"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"http://{address}", process)
        yield address
    finally:
        process.terminate()
        process.wait(15)


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "runserver has ended"
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("runserver is not ready")


@pytest.fixture
def workspace() -> Workspace:
    made = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Test workspace", origins=[ORIGIN])
    ingest(made.tenant.id, "handbook.md", HANDBOOK)
    return made


def test_a_grounded_turn_is_answered_over_its_socket(daphne: str, workspace: Workspace) -> None:
    with Chat(f"ws://{daphne}/ws/chat/", workspace.publishable_key) as chat:
        frames = chat.answer("What is the access code of the Zorblatt depot?")
        assert "48213" in text_of(frames)
        (citation,) = [frame for frame in frames if frame["type"] == "turn.citation"][:1]
        assert citation["title"] == "Depot handbook"
        assert frames[-1]["type"] == "turn.completed"
        chat.send("nonsense")
        assert (chat.receive("error")["code"], chat.close_code()) == ("bad_frame", 4400)


def test_pages_api_and_files_are_served(daphne: str, workspace: Workspace) -> None:
    with httpx.Client(base_url=f"http://{daphne}", trust_env=False) as client:
        page = client.get("/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["server"]) == (200, "daphne")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert client.get("/static/css/base.css").status_code == 200
        bearer = {"Authorization": f"Bearer {workspace.secret_key}"}
        documents = client.get("/v1/documents", headers=bearer)
        assert [each["filename"] for each in documents.json()["data"]] == ["handbook.md"]
        assert client.get("/v1/documents").status_code == 401


def test_daphne_is_the_first_app() -> None:
    assert next(iter(apps.get_app_configs())).name == "daphne"
    assert settings.INSTALLED_APPS[0].endswith(".DaphneConfig")


SERVES = """
import sys, chatbot_saas.asgi
print("twisted" in sys.modules)
"""


def test_no_other_process_loads_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVES],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
