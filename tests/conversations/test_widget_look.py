"""The launcher with its chatbot's look: for whose key, how long, and what a stranger can make of it."""

import gzip
import json
from collections.abc import Callable
from uuid import UUID

import brotli
import httpx
import pytest
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from chatbot_saas.widget import looks
from chatbot_saas.widget.bundle import read_script
from chatbot_saas.widget.remembered import NotNow, looked_up
from chatbot_saas.widget.views import script
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import delete_chatbot, update_chatbot
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import authenticate, generate, mint_secret_key, revoke_key
from tenants.models import APIKey, Tenant
from tests.live import Process

PLAIN = read_script("v1.js").plain
Make = Callable[[], Workspace]


def fetch(web: Process, key: str, **headers: str) -> httpx.Response:
    address = f"{web.url}/widget/v1.js"
    return httpx.get(address, params={"key": key}, headers=headers, trust_env=False)


def look_in(body: bytes) -> dict[str, object]:
    """What the launcher is given; it is the launcher otherwise."""
    before = PLAIN.removesuffix(b"();")
    assert body.startswith(before)
    given = body.removeprefix(before)
    assert given.startswith(b"(")
    assert given.endswith(b");")
    found: dict[str, object] = json.loads(given[1:-2])
    return found


def paint(made: Workspace, color: str) -> None:
    with tenant_context(made.tenant.id):
        update_chatbot(chatbot_id=made.chatbot_id, color=color)


def test_the_launcher_comes_with_the_look_of_its_chatbot(
    web: Process, make_workspace: Make
) -> None:
    own = make_workspace()
    with tenant_context(own.tenant.id):
        update_chatbot(
            chatbot_id=own.chatbot_id,
            color="#0F766E",
            theme="dark",
            position="start",
            language="de",
            launcher_text="  Fragen   Sie “uns” </script> ",
        )
    plain = fetch(web, own.publishable_key, **{"Accept-Encoding": "identity"})
    assert look_in(plain.content) == {
        "key": own.publishable_key,
        "color": "#0f766e",
        "theme": "dark",
        "position": "start",
        "lang": "de",
        "label": "Fragen Sie “uns” </script>",
        "avatar": "",
    }
    assert plain.headers["Cache-Control"] == fetch(web, "").headers["Cache-Control"]
    for coding in ("br", "gzip"):
        packed = fetch(web, own.publishable_key, **{"Accept-Encoding": coding})
        assert packed.headers["Content-Encoding"] == coding
        assert packed.content == plain.content
        assert packed.headers["ETag"] != plain.headers["ETag"]
    again = fetch(
        web,
        own.publishable_key,
        **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert packed.headers["ETag"] != fetch(web, "", **{"Accept-Encoding": "gzip"}).headers["ETag"]


def _revoke(made: Workspace) -> str:
    revoke_key(tenant_id=made.tenant.id, key_id=authenticate(made.publishable_key).key_id)
    return made.publishable_key


def _suspend(made: Workspace) -> str:
    with platform_context():
        Tenant.objects.filter(pk=made.tenant.id).update(status=Tenant.Status.SUSPENDED)
    return made.publishable_key


def _delete(made: Workspace) -> str:
    with tenant_context(made.tenant.id):
        delete_chatbot(chatbot_id=made.chatbot_id)
    return made.publishable_key


def _secret(made: Workspace) -> str:
    return mint_secret_key(tenant_id=made.tenant.id)


@pytest.mark.parametrize("spoil", [_revoke, _suspend, _delete, _secret])
def test_a_key_that_counts_for_nothing_gets_the_launcher_as_it_is(
    web: Process, make_workspace: Make, spoil: Callable[[Workspace], str]
) -> None:
    answer = fetch(web, spoil(make_workspace()))
    assert (answer.status_code, answer.content) == (200, PLAIN)


@pytest.mark.parametrize("key", ["", "x", "cb_pk_live_x", "cb_pk_live_" + "a" * 5000, "\x00", "é"])
def test_what_is_no_key_gets_the_launcher_as_it_is(web: Process, key: str) -> None:
    answer = fetch(web, key)
    assert (answer.status_code, answer.content) == (200, PLAIN)


def test_looking_is_no_use_of_the_key(web: Process, make_workspace: Make) -> None:
    own = make_workspace()
    look_in(fetch(web, own.publishable_key).content)
    with platform_context():
        key = APIKey.objects.get(tenant_id=own.tenant.id, kind=APIKey.Kind.PUBLISHABLE)
    assert key.last_used_at is None


async def test_a_script_is_packed_once_and_a_look_is_asked_for_once(workspace: Workspace) -> None:
    key = workspace.publishable_key
    first = await looks.launcher_for(key, "192.0.2.1")
    assert first is await looks.launcher_for(key, "192.0.2.1")
    assert brotli.decompress(first.packed["br"]) == first.plain
    assert gzip.decompress(first.packed["gzip"]) == first.plain
    assert len(looked_up["192.0.2.1"]) == 1


async def test_a_stranger_with_many_keys_asks_the_database_a_bounded_number_of_times(
    workspace: Workspace,
) -> None:
    stranger, visitor = "198.51.100.7", "203.0.113.9"
    refused = 0
    for _ in range(100):
        try:
            assert (await looks.launcher_for(generate("publishable"), stranger)).plain == PLAIN
        except NotNow:
            refused += 1
    assert refused == 40
    # Nobody else has to wait for it.
    assert look_in((await looks.launcher_for(workspace.publishable_key, visitor)).plain)


async def test_what_could_not_be_looked_up_is_not_kept() -> None:
    asking = AsyncRequestFactory()
    for _ in range(61):
        address = f"/widget/v1.js?key={generate('publishable')}"
        answer = await script(asking.get(address, REMOTE_ADDR="198.51.100.8"), "v1.js")
        assert isinstance(answer, HttpResponse)
        assert (answer.status_code, answer.content) == (200, PLAIN)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_look_is_of_its_own_tenant(web: Process, make_workspace: Make) -> None:
    own, other = make_workspace(), make_workspace()
    paint(own, "#111111")
    paint(other, "#222222")
    found: dict[UUID, object] = {
        made.tenant.id: look_in(fetch(web, made.publishable_key).content)["color"]
        for made in (own, other)
    }
    assert found == {own.tenant.id: "#111111", other.tenant.id: "#222222"}
