"""Programs that ask and bring documents, and remember each write that was confirmed to them."""

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx

from conversations.chatbots.onboarding import Workspace
from conversations.models import Message
from knowledge.models import Document
from tenants.context import tenant_context


@dataclass(frozen=True)
class Write:
    """`mark` is the text of a question, or the id of a document; `at` is monotonic, in seconds."""

    tenant_id: UUID
    kind: str
    mark: str
    at: float


@dataclass
class Load:
    """`programs` threads for each workspace; every tenth request brings a document."""

    url: str
    workspaces: list[Workspace]
    programs: int
    confirmed: list[Write] = field(default_factory=list)
    failed: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for workspace in self.workspaces:
            for _ in range(self.programs):
                thread = threading.Thread(target=self._work, args=(workspace,))
                thread.start()
                self._threads.append(thread)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def until(self, confirmed: int, *, within: float) -> None:
        """Waits for so many confirmed writes. Raises `SystemExit`."""
        deadline = time.monotonic() + within
        while len(self.confirmed) < confirmed:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.confirmed)} writes were confirmed, not {confirmed}.")
            time.sleep(0.01)

    def _work(self, workspace: Workspace) -> None:
        headers = {"Authorization": f"Bearer {workspace.secret_key}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20) as http:
            number = 0
            while not self._over.is_set():
                number += 1
                try:
                    write = _bring(http, workspace) if number % 10 == 0 else _ask(http, workspace)
                except httpx.HTTPError:
                    write = None
                if write is None:
                    self.failed += 1
                    self._over.wait(0.1)
                else:
                    self.confirmed.append(write)


def _ask(http: httpx.Client, workspace: Workspace) -> Write | None:
    mark = f"question {uuid4().hex}"
    body = {
        "model": str(workspace.chatbot_id),
        "messages": [{"role": "user", "content": mark}],
    }
    answer = http.post("/v1/chat/completions", json=body)
    return _confirmed(answer, workspace, "question", mark)


def _bring(http: httpx.Client, workspace: Workspace) -> Write | None:
    text = f"The lorry {uuid4().hex} leaves the yard at nine.\n" * 5
    answer = http.post("/v1/documents", files={"file": ("yard.txt", text.encode())})
    mark = answer.json().get("id", "") if answer.status_code < 300 else ""
    return _confirmed(answer, workspace, "document", mark)


def _confirmed(answer: httpx.Response, workspace: Workspace, kind: str, mark: str) -> Write | None:
    if answer.status_code not in (200, 201, 202):
        return None
    return Write(workspace.tenant.id, kind, mark, time.monotonic())


def lost(confirmed: list[Write]) -> list[Write]:
    """Those that the database has no trace of."""
    missing = []
    for tenant_id in {write.tenant_id for write in confirmed}:
        with tenant_context(tenant_id):
            there = set(Message.objects.filter(role="visitor").values_list("text", flat=True))
            there |= {str(pk) for pk in Document.objects.values_list("pk", flat=True)}
        own = [write for write in confirmed if write.tenant_id == tenant_id]
        missing += [write for write in own if write.mark not in there]
    return missing
