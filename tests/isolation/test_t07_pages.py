"""T7: every page × method × role × {own, another workspace's, nobody's} ids.

A page without a row fails.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Literal
from uuid import UUID, uuid4

import httpx
import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from conversations.chatbots.onboarding import create_workspace
from tenants.people.roles import ROLES, Permission
from tests.isolation.rights import MAY
from tests.isolation.world import World, build, snapshot
from tests.live import Process
from tests.pages import PageClient

Who = Permission | Literal["anybody", "member"]
# Of a tenant's host: what it takes, by url name.
GET: dict[str, Who] = {
    "login": "anybody",
    "reference": "anybody",
    "enter": "anybody",
    "forgotten": "anybody",
    "reset": "anybody",
    "invitation": "anybody",
    "account": "member",
    "members": "members:read",
    "audit": "workspace:write",
    "audit_csv": "workspace:write",
    "keys": "keys:read",
    "usage": "usage:read",
    "usage_csv": "usage:read",
    "knowledge": "documents:read",
    "documents_progress": "documents:read",
    "document": "documents:read",
    "original": "documents:read",
    "overview": "overview:read",
    "conversations": "conversations:read",
    "conversation": "conversations:read",
    "explanation": "conversations:read",
    "chatbots": "chatbots:read",
    "chatbot": "chatbots:read",
    "install_first": "chatbots:read",
    "install": "chatbots:read",
    "sightings": "chatbots:read",
}
POST: dict[str, Who] = {
    "login": "anybody",
    "logout": "anybody",
    "forgotten": "anybody",
    "reset": "anybody",
    "invitation": "anybody",
    "change_name": "member",
    "set_password": "member",
    "move_account": "member",
    "send_confirmation": "member",
    "invite": "members:write",
    "revoke_invitation": "members:write",
    "change_role": "members:write",
    "remove_member": "member",
    "create_key": "keys:write",
    "revoke_key": "keys:write",
    "upload": "documents:write",
    "delete_document": "documents:write",
    "delete_documents": "documents:write",
    "retry_document": "documents:write",
    "delete_conversation": "conversations:write",
    "export_conversations": "conversations:export",
    "create_chatbot": "chatbots:write",
    "save_chatbot": "chatbots:write",
    "save_avatar": "chatbots:write",
    "delete_chatbot": "chatbots:write",
    "save_budget": "usage:write",
    "make_key": "keys:write",
    "allow_origin": "chatbots:write",
    "create_identity_secret": "keys:write",
    "revoke_identity_secret": "keys:write",
}
# What a form needs to come as far as its id.
BODIES = {
    "change_role": {"role": "viewer"},
    # There is one budget, whoever's ids are tried: what is sent must be none.
    "save_budget": {"amount": "much"},
}
# These have tables of their own: keys, tokens, origins.
_ELSEWHERE = re.compile(r"^(admin$|v1/|widget/|sse/|c/|brand/|demo/|healthz|readyz|metrics)")
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def pages_of(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, str]]:
    """Name and path of every page."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("admin/"):
                yield from pages_of(pattern.url_patterns)
        elif not _ELSEWHERE.match(str(pattern.pattern)):
            yield pattern.name or "", str(pattern.pattern)


PATHS = dict(pages_of(get_resolver(settings.ROOT_URLCONF).url_patterns))


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert GET.keys() | POST.keys() == PATHS.keys()


def path_of(name: str, ids: dict[str, UUID]) -> str:
    return "/" + _ARGUMENT.sub(lambda match: str(ids.get(match[1], "made-up")), PATHS[name])


def takes_id(name: str) -> bool:
    return "uuid:" in PATHS[name]


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    made = [create_workspace(slug=f"w{uuid4().hex[:16]}", name="Tried") for _ in range(2)]
    return build(made[0]), build(made[1])


@pytest.fixture(scope="module")
def clients(web: Process, worlds: tuple[World, World]) -> Iterator[dict[str, PageClient]]:
    """One of each role, logged in, and a stranger."""
    world = worlds[0]
    host = world.workspace.tenant.host
    with ExitStack() as stack:
        found: dict[str, PageClient] = {
            role: stack.enter_context(PageClient(web, host)).log_in(world.people[role])
            for role in ROLES
        }
        stranger = stack.enter_context(PageClient(web, host))
        yield {**found, "stranger": stranger}


def is_admitted(answer: httpx.Response) -> bool:
    """Neither sent to the log-in nor told that the role does not allow it."""
    sent = answer.headers.get("location", "").startswith("/login?next=")
    return not sent and "Your role does not allow this" not in answer.text


def request(client: PageClient, method: str, name: str, ids: dict[str, UUID]) -> httpx.Response:
    path = path_of(name, ids)
    return client.get(path) if method == "GET" else client.post(path, BODIES.get(name, {}))


ROWS = [("GET", name) for name in GET] + [("POST", name) for name in POST]


@pytest.mark.parametrize(("method", "name"), ROWS)
def test_a_page_admits_whom_its_row_says_and_nobody_else(
    clients: dict[str, PageClient], worlds: tuple[World, World], method: str, name: str
) -> None:
    who = (GET if method == "GET" else POST)[name]
    # What would change something is tried with an id that nobody has.
    nobodys = {key: uuid4() for key in worlds[0].ids}
    ids = worlds[0].ids if method == "GET" else nobodys
    before = snapshot(worlds[0])
    for role, client in clients.items():
        if name == "logout" and role != "stranger":
            continue
        answer = request(client, method, name, ids)
        assert answer.status_code < 500, role
        assert is_admitted(answer) == _expected(who, role), (role, answer.status_code)
        if who not in ("anybody", "member") and not _expected(who, role):
            assert answer.status_code in {302, 403}
    assert snapshot(worlds[0]) == before


def _expected(who: Who, role: str) -> bool:
    if who == "anybody":
        return True
    if role == "stranger":
        return False
    return who == "member" or who in MAY[role]


@pytest.mark.parametrize(("method", "name"), [row for row in ROWS if takes_id(row[1])])
def test_another_workspaces_thing_is_not_there(
    clients: dict[str, PageClient], worlds: tuple[World, World], method: str, name: str
) -> None:
    own, other = worlds
    before = snapshot(other)
    foreign = request(clients["owner"], method, name, other.ids)
    nobodys = request(clients["owner"], method, name, {key: uuid4() for key in own.ids})
    assert foreign.status_code == nobodys.status_code == 404
    assert _shape(foreign) == _shape(nobodys)
    assert snapshot(other) == before


def _shape(answer: httpx.Response) -> str:
    """A page without what is different on every one: ids and tokens."""
    return re.sub(r"[0-9a-f-]{32,36}|[A-Za-z0-9]{64}", "", answer.text)


@pytest.mark.parametrize("name", [name for name in GET if takes_id(name)])
def test_an_owner_sees_what_is_there(
    clients: dict[str, PageClient], worlds: tuple[World, World], name: str
) -> None:
    assert clients["owner"].get(path_of(name, worlds[0].ids)).status_code == 200


def test_naive_pages_are_caught(worlds: tuple[World, World]) -> None:
    own, other = worlds
    with Process("web", broken="pages_trust_everybody") as broken:
        host = own.workspace.tenant.host
        with PageClient(broken, host).log_in(own.people["viewer"]) as viewer:
            assert is_admitted(viewer.get("/keys"))
            before = snapshot(other)
            answer = request(viewer, "POST", "revoke_key", other.ids)
            assert answer.status_code != 404
            assert snapshot(other) != before


def test_a_mistaken_role_table_is_caught(worlds: tuple[World, World]) -> None:
    own, _ = worlds
    with Process("web", broken="agents_manage_members") as broken:
        with PageClient(broken, own.workspace.tenant.host).log_in(own.people["agent"]) as agent:
            nobodys = {key: uuid4() for key in own.ids}
            for name in (name for name, who in POST.items() if who == "members:write"):
                answer = request(agent, "POST", name, nobodys)
                assert is_admitted(answer) != _expected("members:write", "agent"), name


@pytest.mark.parametrize("name", PATHS)
def test_no_page_takes_another_method(
    clients: dict[str, PageClient], worlds: tuple[World, World], name: str
) -> None:
    path, before = path_of(name, worlds[0].ids), snapshot(worlds[0])
    for client in (clients["owner"], clients["stranger"]):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            assert client.send(method, path).status_code == 405, method
        head = client.send("HEAD", path)
        assert head.content == b""
        assert head.status_code == (client.get(path).status_code if name in GET else 405)
    assert snapshot(worlds[0]) == before


# Of the platform's hosts: whether one must be logged in there. The operator's admin has its own table.
PLATFORM_GET = {
    "start": False,
    "confirm": False,
    "login": False,
    "forgotten": False,
    "reset": False,
    "sign_up": False,
    "reference": False,
    "workspaces": True,
    "new_workspace": True,
    "workspace_ready": True,
}
PLATFORM_POST = {
    "confirm": False,
    "send_confirmation": True,
    "login": False,
    "logout": False,
    "forgotten": False,
    "reset": False,
    "sign_up": False,
    "new_workspace": True,
    "enter_workspace": True,
}
PLATFORM_PATHS = dict(pages_of(get_resolver(settings.PLATFORM_URLCONF).url_patterns))


def test_every_page_of_the_platform_has_a_row() -> None:
    assert PLATFORM_GET.keys() | PLATFORM_POST.keys() == PLATFORM_PATHS.keys()


def test_the_platforms_pages_admit_whom_their_rows_say(
    web: Process, worlds: tuple[World, World]
) -> None:
    own, other = worlds
    with PageClient(web, "localhost") as stranger, PageClient(web, "localhost") as owner:
        owner.log_in(own.people["owner"])
        for method, rows in (("GET", PLATFORM_GET), ("POST", PLATFORM_POST)):
            for name, needs_log_in in rows.items():
                path = "/" + _ARGUMENT.sub("made-up", PLATFORM_PATHS[name])
                path = path.replace("made-up/enter", f"{own.ids['tenant_id']}/enter")
                answer = stranger.get(path) if method == "GET" else stranger.post(path, {})
                sent = answer.headers.get("location") == "/login"
                assert sent == (needs_log_in or name == "logout"), (method, name)
        assert owner.post(f"/workspaces/{own.ids['tenant_id']}/enter").status_code == 200
        foreign = owner.post(f"/workspaces/{other.ids['tenant_id']}/enter")
        nobodys = owner.post(f"/workspaces/{uuid4()}/enter")
        assert foreign.status_code == nobodys.status_code == 404
        assert _shape(foreign) == _shape(nobodys)


def test_no_page_of_the_platform_takes_another_method(
    web: Process, worlds: tuple[World, World]
) -> None:
    own, _ = worlds
    before = snapshot(own)
    with PageClient(web, "localhost").log_in(own.people["owner"]) as owner:
        for name, pattern in PLATFORM_PATHS.items():
            path = "/" + _ARGUMENT.sub(str(own.ids["tenant_id"]), pattern)
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
                assert owner.send(method, path).status_code == 405, (method, name)
            head = owner.send("HEAD", path)
            known = owner.get(path).status_code if name in PLATFORM_GET else 405
            assert (head.status_code, head.content) == (known, b""), name
    assert snapshot(own) == before


@pytest.mark.parametrize("name", ["sign_up", "workspaces", "new_workspace", "enter_workspace"])
def test_a_page_of_the_platform_is_not_on_a_tenants_host(
    clients: dict[str, PageClient], name: str
) -> None:
    path = "/" + _ARGUMENT.sub(str(uuid4()), PLATFORM_PATHS[name])
    assert clients["owner"].get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/members", "/audit", "/keys", "/usage", "/conversations", "/knowledge"]
)
def test_a_page_of_a_workspace_is_not_on_the_platforms_host(
    web: Process, worlds: tuple[World, World], path: str
) -> None:
    with PageClient(web, "localhost").log_in(worlds[0].people["owner"]) as owner:
        assert owner.get(path).status_code == 404
