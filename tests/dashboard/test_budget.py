"""Pages stay cheap in a workspace with ten thousand conversations: queries and CPU of each."""

from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest
from asgiref.sync import sync_to_async
from django.db.backends.utils import CursorWrapper

from chatbot_saas.asgi import application
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.models import Turn
from knowledge.models import Document
from tenants.context import tenant_context
from tests.conversations.client import ingest
from tests.dashboard.crowd import LONG, fill
from tests.live import Process
from tests.pages import PageClient, Person, make_member

# A page that walks through all that a workspace has took seconds; a busy machine takes half of one.
QUERIES, MILLISECONDS, TRIES = 12, 400, 4
PAGES = [
    "/",
    "/conversations",
    "/conversations?q=shop+c9",
    "/conversations?q=donaudampfschifffahrtsgesellschaft",
    "/conversations?answered=no&feedback=down",
    "/conversations/{conversation}",
    "/conversations/{conversation}/turns/{turn}",
    "/knowledge",
    "/knowledge/progress?id={document}",
    "/knowledge/{document}",
    "/chatbots",
    "/chatbots/{chatbot}",
    "/chatbots/{chatbot}/install",
    "/chatbots/{chatbot}/install/seen",
    "/usage",
    "/usage?days=365",
    "/usage.csv",
    "/keys",
    "/members",
    "/audit",
    "/account",
]


@pytest.fixture(scope="module")
def crowd() -> tuple[Workspace, Person, dict[str, UUID]]:
    made = create_workspace(slug="crowded", name=LONG[:120])
    document = ingest(made.tenant.id, "note.md", "# Opening\n\nThe depot opens at six.\n")
    with tenant_context(made.tenant.id):
        source = Document.objects.values_list("source_id", flat=True)[0]
        Document.objects.bulk_create(
            Document(
                source_id=source,
                filename=f"{n}.txt",
                title=f"{n} {LONG}",
                content_hash=f"{n}",
                size=n,
            )
            for n in range(49)
        )
    fill(made.tenant.id)
    with tenant_context(made.tenant.id):
        turn = Turn.objects.order_by("-started_at")[0]
    ids = {
        "conversation": turn.conversation_id,
        "turn": turn.pk,
        "document": document,
        "chatbot": made.chatbot_id,
    }
    return made, make_member(made.tenant, "owner"), ids


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that Django sends in this process, whichever thread and connection."""
    sent: list[str] = []
    send = CursorWrapper.execute

    def noted(cursor: Any, sql: str, params: Any = None) -> Any:
        sent.append(str(sql))
        return send(cursor, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noted)
    return sent


def cpu_of(web: Process, client: PageClient, path: str) -> int:
    """Milliseconds of the web's own time for the page, the least of some tries: a first one loads
    its template."""
    process, tries = psutil.Process(web.pid), []
    for _ in range(TRIES):
        before = process.cpu_times()
        assert client.get(path).status_code in {200, 286}
        after = process.cpu_times()
        tries.append(after.user + after.system - before.user - before.system)
    return round(min(tries) * 1000)


async def asked_by(
    host: str, person: Person, paths: list[str], statements: list[str]
) -> dict[str, int]:
    """How many statements each of the pages sends for a person who is logged in."""
    counted = {}
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://{host}", headers={"Accept": "text/html"}
    ) as client:
        await client.get("/login")
        headers = {"X-CSRFToken": client.cookies["csrf"]}
        form = {"email": person.email, "password": person.password}
        entered = await client.post("/login", data=form, headers=headers)
        assert entered.status_code == 302
        for path in paths:
            statements.clear()
            answer = await client.get(path)
            assert answer.status_code in {200, 286}, path
            counted[path] = len(statements)
    return counted


async def test_no_page_asks_often(
    crowd: tuple[Workspace, Person, dict[str, UUID]],
    workspace: Workspace,
    statements: list[str],
) -> None:
    made, person, ids = crowd
    paths = [path.format(**ids) for path in PAGES]
    counted = await asked_by(made.tenant.host, person, paths, statements)
    owner = await sync_to_async(make_member)(workspace.tenant, "owner")
    new = await asked_by(workspace.tenant.host, owner, ["/"], statements)
    counted["/ of a new workspace"] = new["/"]
    print(counted)
    # None at all would mean that nothing was counted.
    assert min(counted.values()) >= 4
    assert {path: count for path, count in counted.items() if count > QUERIES} == {}


def test_no_page_costs_much(web: Process, crowd: tuple[Workspace, Person, dict[str, UUID]]) -> None:
    made, person, ids = crowd
    taken = {}
    with PageClient(web, made.tenant.host).log_in(person) as client:
        for path in PAGES:
            taken[path] = cpu_of(web, client, path.format(**ids))
    print(taken)
    assert {path: ms for path, ms in taken.items() if ms > MILLISECONDS} == {}
