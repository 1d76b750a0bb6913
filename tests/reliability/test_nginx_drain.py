"""nginx before two web processes: one that is told to end, and one that is killed (T34, T35)."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.models import Message, Turn
from conversations.turns.sweep import sweep_tenant
from tenants.context import tenant_context
from tests.conversations.client import ORIGIN, Chat, kinds_of, text_of
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.fake_openai import running as fake_running
from tests.live import Process
from tests.reliability import nginx

pytestmark = pytest.mark.skipif(nginx.PROGRAM is None, reason=nginx.MISSING)
RESTARTING = 1012
TEXT = " ".join(f"word{n}" for n in range(60))


@dataclass
class Site:
    """Two web processes behind nginx; `renew` replaces those that have ended."""

    folder: Path
    environment: dict[str, str]
    webs: list[Process] = field(default_factory=list)

    def renew(self) -> None:
        self.webs = [web for web in self.webs if web.returncode is None]
        while len(self.webs) < 2:
            self.webs.append(Process("web", environment=self.environment).start())

    def answering(self, workspace: Workspace) -> Process:
        """The process that owns the only turn which runs."""
        with tenant_context(workspace.tenant.id):
            owner = Turn.objects.get(status="running").owner
        return next(web for web in self.webs if str(web.pid) == owner.split(":")[1])


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with fake_running() as provider:
        yield provider


@pytest.fixture(scope="module")
def site(fake: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    environment = {
        "LLM_BASE_URL": fake.url,
        "TURN_DRAIN_SECONDS": "20",
        "TEST_WEB_GRACE": "20",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    made = Site(tmp_path_factory.mktemp("nginx"), environment)
    yield made
    for web in made.webs:
        web.kill()


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    site.renew()
    with nginx.running(site.webs, site.folder) as port:
        yield port


@pytest.fixture
def workspace() -> Workspace:
    return create_workspace(slug=f"w{uuid4().hex[:16]}", name="Drained", origins=[ORIGIN])


@pytest.fixture
def question(fake: FakeOpenAI) -> Iterator[str]:
    """Half of its answer comes in two seconds; the fake holds the other half until `release`."""
    text = f"What is the access code? {uuid4().hex}"
    fake.script({"match": text, "text": TEXT, "delay": 4 / 60, "hold_at": 30})
    yield text
    fake.release()


def socket_url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ws/chat/"


def cut_short(chat: Chat) -> tuple[list[dict[str, Any]], int | None]:
    """The frames until the server closes, and its code (None when it just went)."""
    frames = []
    while True:
        try:
            frames.append(chat.next())
        except ConnectionClosed:
            return frames, chat.close_code(1)


def come_back(port: int, workspace: Workspace, ready: dict[str, Any]) -> Chat:
    """The same visitor, again through nginx."""
    known = {name: ready[name] for name in ("visitor_token", "conversation_id")}
    return Chat(socket_url(port), workspace.publishable_key, **known)


def answering_soon(site: Site, workspace: Workspace) -> Process:
    with tenant_context(workspace.tenant.id):
        eventually(Turn.objects.exists)
    return site.answering(workspace)


def ask_over_http(port: int, workspace: Workspace, question: str) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        headers={"Authorization": f"Bearer {workspace.secret_key}"},
        json={
            "model": str(workspace.chatbot_id),
            "stream": True,
            "messages": [{"role": "user", "content": question}],
        },
        timeout=30,
        trust_env=False,
    )


def in_background(work: Callable[[], Any]) -> "tuple[threading.Thread, list[Any]]":
    """Runs `work` beside the test; its value, or the error of the wire, comes into the list."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except httpx.HTTPError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def test_nginx_finds_nothing_wrong_with_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    text = nginx.CONFIGURATION.read_text(encoding="utf-8")
    path.write_text(text.replace("/tmp/", f"{tmp_path}/"), encoding="utf-8")
    done = subprocess.run(
        nginx.command(path, "-t"), capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_a_process_that_is_told_to_end_finishes_its_answer_and_loses_no_event(
    port: int, site: Site, workspace: Workspace, fake: FakeOpenAI, question: str
) -> None:
    with Chat(socket_url(port), workspace.publishable_key) as chat:
        chat.ask(question)
        ready, before = chat.ready, [chat.next() for _ in range(6)]
        ending = site.answering(workspace)
        os.kill(ending.pid, signal.SIGTERM)
        more, code = cut_short(chat)
    assert code == RESTARTING
    before += more
    # While it still answers, nobody else sees anything of it.
    statuses = get_health(port, times=20)
    with come_back(port, workspace, ready) as chat:
        assert chat.ready["active_turn"]["turn_id"] == before[0]["turn_id"]
        assert ending.returncode is None
        fake.release()
        chat.send("turn.resume", turn_id=before[0]["turn_id"], last_event_id=before[-1]["event_id"])
        events = before + chat.until_end()
    assert statuses == {200}
    numbers = [int(event["event_id"].split(":")[1]) for event in events]
    assert numbers == list(range(1, len(numbers) + 1))
    assert (text_of(events), kinds_of(events)[-1]) == (TEXT, "turn.completed")
    assert ending.wait(10) in (0, -signal.SIGTERM)
    assert "Traceback" not in ending.log()
    assert_charged_once(workspace, fake, question)


def get_health(port: int, *, times: int) -> set[int]:
    base_url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as client:
        return {client.get("/healthz").status_code for _ in range(times)}


def assert_charged_once(workspace: Workspace, fake: FakeOpenAI, question: str) -> None:
    assert len(fake.log(question)) == 1
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.get().status == "completed"
        assert Message.objects.get(role="assistant").text == TEXT
        assert UsageRecord.objects.get().source == "reported"
        assert Hold.objects.count() == 0


def test_a_stream_over_http_goes_on_to_its_end_and_is_not_held_back(
    port: int, site: Site, workspace: Workspace, fake: FakeOpenAI, question: str
) -> None:
    thread, outcome = in_background(lambda: ask_over_http(port, workspace, question))
    ending = answering_soon(site, workspace)
    os.kill(ending.pid, signal.SIGTERM)
    fake.release()
    thread.join(30)
    assert outcome[0].status_code == 200
    assert outcome[0].text.rstrip().endswith("data: [DONE]")
    assert ending.wait(10) in (0, -signal.SIGTERM)
    assert_charged_once(workspace, fake, question)


def test_a_killed_process_is_never_a_silent_half_and_asking_again_works(
    port: int, site: Site, workspace: Workspace, fake: FakeOpenAI, question: str
) -> None:
    with Chat(socket_url(port), workspace.publishable_key) as chat:
        chat.ask(question)
        ready, before = chat.ready, [chat.next() for _ in range(6)]
        site.answering(workspace).kill()
        more, code = cut_short(chat)
    assert code in (None, 1006)
    before += more
    # What beat has done every twenty seconds.
    assert sweep_tenant(workspace.tenant.id) == 1
    with come_back(port, workspace, ready) as chat:
        chat.send("turn.resume", turn_id=before[0]["turn_id"], last_event_id=before[-1]["event_id"])
        events = before + chat.until_end()
        assert (events[-1]["type"], events[-1]["code"]) == ("turn.failed", "interrupted")
        numbers = [int(event["event_id"].split(":")[1]) for event in events]
        assert numbers == list(range(1, len(numbers) + 1))
        fake.script({"match": question, "text": TEXT})
        again = chat.answer(question)
    assert (text_of(again), again[-1]["type"]) == (TEXT, "turn.completed")
    with tenant_context(workspace.tenant.id):
        assert sorted(Turn.objects.values_list("status", flat=True)) == ["completed", "interrupted"]
        assert (Hold.objects.count(), UsageRecord.objects.count()) == (0, 1)


def test_a_post_that_reached_a_killed_process_is_not_sent_to_the_other(
    port: int, site: Site, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code? {uuid4().hex}"
    # Nothing is answered yet, so nginx could still try elsewhere.
    fake.script({"match": question, "text": TEXT, "first_delay": 30})
    thread, outcome = in_background(lambda: ask_over_http(port, workspace, question))
    answering_soon(site, workspace).kill()
    thread.join(10)
    cut = isinstance(outcome[0], httpx.HTTPError)
    assert cut or outcome[0].status_code == 503 or "[DONE]" not in outcome[0].text
    time.sleep(0.5)
    assert len(fake.log(question)) <= 1
    with tenant_context(workspace.tenant.id):
        assert Turn.objects.count() == 1


def test_metrics_are_not_there_and_an_absence_of_all_is_told_as_the_api_tells_it(
    port: int, site: Site
) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        token = {"Authorization": "Bearer metrics-token-of-the-tests"}
        assert client.get("/metrics", headers=token).status_code == 404
        assert httpx.get(f"{site.webs[0].url}/metrics", headers=token).status_code == 200
        for web in site.webs:
            web.stop()
        gone = client.post("/v1/chat/completions", json={})
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "2")
    assert gone.json()["code"] == "unavailable"


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it was sent."""

    def do_GET(self) -> None:
        body = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@dataclass
class EchoServer:
    port: int


def test_what_a_client_says_of_where_it_comes_from_is_replaced(tmp_path: Path) -> None:
    lies = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "Host": "acme.localhost:8080",
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        echo = EchoServer(server.server_port)
        with nginx.running([echo, echo], tmp_path) as port:
            seen = httpx.get(f"http://127.0.0.1:{port}/", headers=lies, trust_env=False).json()
        server.shutdown()
    told = [pair for pair in seen if re.match(r"(x-)?(forwarded|real)|host", pair[0])]
    assert sorted(told) == [
        ["host", "acme.localhost:8080"],
        ["x-forwarded-for", "127.0.0.1"],
        ["x-forwarded-proto", "http"],
    ]


class Held(Echo):
    """Answers at once, and then never ends: a socket, as nginx sees it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"begun")
        self.wfile.flush()
        self.connection.recv(1)


def test_whoever_is_back_takes_all_sockets_at_once(tmp_path: Path) -> None:
    """Not one every few seconds: sockets do not end, so none of them would ever tell that it is well."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as one:
        away = EchoServer(one.server_port)
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with nginx.running([away, EchoServer(other.server_port)], tmp_path) as port:
            assert get_health(port, times=4) == {200}
            with ThreadingHTTPServer(("127.0.0.1", away.port), Held) as back:
                back.daemon_threads = True
                threading.Thread(target=back.serve_forever, daemon=True).start()
                other.shutdown()
                other.server_close()
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                    with ExitStack() as sockets:
                        # Where nginx hands on what it has.
                        stream = partial(client.stream, "GET", "/v1/chat/completions")
                        began = [sockets.enter_context(stream()) for _ in range(8)]
                        assert [each.status_code for each in began] == [200] * 8
                back.shutdown()


def test_scripts_and_styles_are_compressed_and_pages_are_not(port: int) -> None:
    base_url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as client:
        style = client.get("/static/css/base.css")
        page = client.get("/", headers={"Host": "localhost"})
        script = client.get("/widget/v1.js", headers={"Accept-Encoding": "br"})
    assert (style.status_code, style.headers["content-encoding"]) == (200, "gzip")
    assert (page.status_code, page.headers.get("content-encoding")) == (200, None)
    assert len(page.content) > 1024
    # By the web itself: nginx knows no Brotli.
    assert (script.status_code, script.headers["content-encoding"]) == (200, "br")
