"""What was allowed a moment ago: keys that are revoked, a workspace that is suspended and comes back,
a password that is changed, a session that is ended. Looked at on both processes."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench import workspaces
from bench.drill.storm import sizes
from bench.drill.storm.crowd import Tenant, Web, tenant_of
from bench.drill.storm.faults import Storm
from conversations.chatbots.onboarding import Workspace
from tenants.keys.api_keys import list_keys, revoke_key
from tenants.people.accounts import change_password
from tenants.schemas.lifecycle import resume_tenant, suspend_tenant
from tests.pages import PageClient, Person, make_member, user_of

_SOCKETS_EACH, _BAD_KEY = 3, 4401
_PAGE, _STAYS = "/members", 2.0
Look = Callable[[Web], bool]


async def rights_taken_away(storm: Storm) -> None:
    await _keys_revoked(storm)
    await _workspace_suspended(storm)
    # The pages' client and the services are synchronous.
    await asyncio.to_thread(_sessions_ended, storm)


async def _keys_revoked(storm: Storm) -> None:
    made = await asyncio.to_thread(workspaces.make_workspace)

    def revoke() -> None:
        for key in list_keys(made.tenant.id).keys:
            revoke_key(tenant_id=made.tenant.id, key_id=key.id)

    await _of_a_tenant(storm, "key_revoked", tenant_of(made), revoke)


async def _workspace_suspended(storm: Storm) -> None:
    made = await asyncio.to_thread(workspaces.make_workspace)
    tenant = tenant_of(made)

    def suspend() -> None:
        suspend_tenant(tenant_id=made.tenant.id, actor="storm", reason="a drill")

    await _of_a_tenant(storm, "workspace_suspended", tenant, suspend)
    await asyncio.to_thread(resume_tenant, tenant_id=made.tenant.id, actor="storm")
    again = await asyncio.to_thread(_until, storm, lambda web: not _refuses(web, tenant))
    storm.bound("workspace_resumed_http_again_after_s", again, sizes.REFUSED_SECONDS)
    for socket in await _sockets(storm, tenant):
        await socket.close()


async def _of_a_tenant(
    storm: Storm, name: str, tenant: Tenant, take_away: Callable[[], None]
) -> None:
    """Its sockets are closed and its requests refused, on both processes, and it stays so."""
    sockets = await _sockets(storm, tenant)
    if await asyncio.to_thread(_any, storm, lambda web: _refuses(web, tenant)):
        storm.broken.append(f"{name}: refused before anything was taken away")
    await asyncio.to_thread(take_away)
    began = time.monotonic()
    closing = asyncio.gather(*(_closed(socket, began) for socket in sockets))
    took = await asyncio.to_thread(_until, storm, lambda web: _refuses(web, tenant))
    storm.bound(f"{name}_http_refused_after_s", took, sizes.REFUSED_SECONDS)
    await asyncio.to_thread(_stays, storm, name, lambda web: _refuses(web, tenant))
    storm.bound(f"{name}_sockets_closed_after_s", max(await closing), sizes.CLOSED_SECONDS)
    codes = {socket.close_code for socket in sockets}
    if codes != {_BAD_KEY}:
        storm.broken.append(f"{name}: sockets were closed with {codes}")


async def _sockets(storm: Storm, tenant: Tenant) -> list[ClientConnection]:
    return [await _open(web, tenant) for web in storm.crowd.webs for _ in range(_SOCKETS_EACH)]


async def _open(web: Web, tenant: Tenant) -> ClientConnection:
    socket = await connect(
        web.socket_url,
        origin=Origin(f"https://{tenant.host}"),
        proxy=None,
        compression=None,
        ping_interval=None,
    )
    start = {"type": "session.start", "key": tenant.publishable_key}
    await socket.send(json.dumps(start))
    ready = json.loads(await socket.recv())
    if ready["type"] != "session.ready":
        raise SystemExit(f"no session: {ready}")
    return socket


async def _closed(socket: ClientConnection, began: float) -> float:
    """Seconds until the server had closed it; more than it may take when it has not."""
    try:
        async with asyncio.timeout(sizes.CLOSED_SECONDS + 5):
            while True:
                await socket.recv()
    except (ConnectionClosed, TimeoutError):
        return time.monotonic() - began


def _refuses(web: Web, tenant: Tenant) -> bool:
    headers = {"Authorization": f"Bearer {tenant.secret_key}"}
    answer = httpx.get(f"{web.url}/v1/models", headers=headers, trust_env=False, timeout=10)
    return answer.status_code in (401, 403)


def _any(storm: Storm, look: Look) -> bool:
    return any(look(web) for web in storm.crowd.webs)


def _until(storm: Storm, look: Look) -> float:
    """Seconds until it was so on every process."""
    began = time.monotonic()
    while time.monotonic() - began < 5 * sizes.REFUSED_SECONDS:
        if all(look(web) for web in storm.crowd.webs):
            break
        time.sleep(0.02)
    return time.monotonic() - began


def _stays(storm: Storm, name: str, look: Look) -> None:
    until = time.monotonic() + _STAYS
    while time.monotonic() < until:
        if not all(look(web) for web in storm.crowd.webs):
            storm.broken.append(f"{name}: allowed again")
            return
        time.sleep(0.1)


def _sessions_ended(storm: Storm) -> None:
    """Of one person by a new password, of another by a log-out on one process."""
    made = workspaces.make_workspace()

    def change(person: Person, _: list[PageClient]) -> None:
        password = "47 purple dinosaurs"  # noqa: S105
        change_password(user=user_of(person), current=person.password, password=password)

    def log_out(_: Person, clients: list[PageClient]) -> None:
        clients[0].post("/logout")

    for name, take_away in {"password_changed": change, "session_ended": log_out}.items():
        _of_a_person(storm, name, made, take_away)


def _of_a_person(
    storm: Storm,
    name: str,
    made: Workspace,
    take_away: Callable[[Person, list[PageClient]], None],
) -> None:
    person = make_member(made.tenant, "admin")
    # Its client knows any process by its address.
    webs: list[Any] = list(storm.crowd.webs)
    clients = [PageClient(web, made.tenant.host) for web in webs]
    clients[0].log_in(person)
    # One browser, whichever process answers it.
    clients[1].cookies.update(clients[0].cookies)
    by_url = dict(zip((web.url for web in webs), clients, strict=True))

    def refuses(web: Web) -> bool:
        return bool(by_url[web.url].get(_PAGE).status_code != 200)

    if _any(storm, refuses):
        storm.broken.append(f"{name}: refused before anything was taken away")
    take_away(person, clients)
    storm.bound(f"{name}_refused_after_s", _until(storm, refuses), sizes.REFUSED_SECONDS)
    _stays(storm, name, refuses)
    for client in clients:
        client.__exit__()
