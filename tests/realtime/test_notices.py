"""The channel layer wakes sockets at once; without it they are found by the regular check."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction
from django.utils import timezone

from chatbot_saas.realtime import layer
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import delete_chatbot
from conversations.models import Message, Turn
from core.ids import new_id
from core.redis import sync_redis
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import revoke_key
from tenants.models import APIKey
from tenants.notices import Notice, Subject
from tenants.schemas.lifecycle import suspend_tenant
from tests.conversations.client import Chat, wait_for_turn
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

MakeWorkspace = Callable[[], Workspace]
# Longer than any test: what closes a socket then is a notice.
NEVER = {"SOCKET_CHECK_SECONDS": "3600"}
SOON = {"SOCKET_CHECK_SECONDS": "0.5"}
PATIENCE = 5.0


@pytest.fixture(scope="module")
def unchecked_web() -> Iterator[Process]:
    """A web process that looks at its open sockets only when a notice comes."""
    with Process("web", environment=NEVER) as process:
        yield process


@pytest.fixture(scope="module")
def deaf_web() -> Iterator[Process]:
    """A web process whose channel layer drops every message."""
    with Process("web", broken="deaf_layer", environment=SOON) as process:
        yield process


def key_of(workspace: Workspace) -> UUID:
    with platform_context():
        return APIKey.objects.get(plain=workspace.publishable_key).pk


def revoke(workspace: Workspace) -> None:
    revoke_key(tenant_id=workspace.tenant.id, key_id=key_of(workspace))


def suspend(workspace: Workspace) -> None:
    suspend_tenant(tenant_id=workspace.tenant.id, actor="operator", reason="a test")


def delete(workspace: Workspace) -> None:
    with tenant_context(workspace.tenant.id):
        delete_chatbot(chatbot_id=workspace.chatbot_id)


def revoke_in_silence(workspace: Workspace) -> None:
    """As if its notice were lost."""
    with platform_context():
        APIKey.objects.filter(pk=key_of(workspace)).update(revoked_at=timezone.now())


def is_open(chat: Chat) -> bool:
    chat.send("ping")
    return bool(chat.receive("pong"))


def group_channel(workspace: Workspace) -> str:
    return f"asgi__group__{layer.group_name(workspace.tenant.id)}"


def wait_until_heard(workspace: Workspace, processes: int = 1) -> None:
    """Until so many processes are in the workspace's group."""
    name = group_channel(workspace)
    redis = sync_redis("channels")
    eventually(lambda: dict(redis.pubsub_numsub(name)).get(name.encode()) == processes)


def send(group: UUID, message: dict[str, Any]) -> None:
    async_to_sync(get_channel_layer().group_send)(layer.group_name(group), message)


@pytest.mark.parametrize("event", [revoke, suspend, delete])
def test_a_notice_closes_the_sockets_of_its_tenant_alone(
    unchecked_web: Process, make_workspace: MakeWorkspace, event: Callable[[Workspace], None]
) -> None:
    """The other's key is revoked in silence: whoever looked at it would close its socket."""
    mine, other = make_workspace(), make_workspace()
    with (
        Chat(unchecked_web.socket_url, mine.publishable_key) as first,
        Chat(unchecked_web.socket_url, mine.publishable_key) as second,
        Chat(unchecked_web.socket_url, other.publishable_key) as theirs,
    ):
        wait_until_heard(mine)
        revoke_in_silence(other)
        event(mine)
        assert (first.close_code(PATIENCE), second.close_code(PATIENCE)) == (4401, 4401)
        assert is_open(theirs)
    assert "Traceback" not in unchecked_web.log()


def test_a_notice_closes_nothing_that_the_database_does_not_say(
    unchecked_web: Process, make_workspace: MakeWorkspace
) -> None:
    """Forged, of another tenant, or no notice at all."""
    mine, other = make_workspace(), make_workspace()
    with (
        Chat(unchecked_web.socket_url, mine.publishable_key) as chat,
        Chat(unchecked_web.socket_url, other.publishable_key) as theirs,
    ):
        wait_until_heard(mine)
        wait_until_heard(other)
        revoke_in_silence(other)
        good = layer.write_notice(Notice(mine.tenant.id, Subject.KEY, key_of(mine)))
        workspace = layer.write_notice(Notice(mine.tenant.id, Subject.WORKSPACE, mine.tenant.id))
        stranger = layer.write_notice(Notice(mine.tenant.id, Subject.KEY, key_of(other)))
        for message in (
            good,
            workspace,
            stranger,
            {**good, "id": "x"},
            {**good, "subject": "everything"},
            {**good, "type": "websocket.close"},
            {"type": "tenant.notice"},
            {},
        ):
            send(mine.tenant.id, message)
        # What was sent before has been heard when this has.
        revoke(mine)
        assert chat.close_code(PATIENCE) == 4401
        assert is_open(theirs)
    assert "Traceback" not in unchecked_web.log()


def test_a_flood_and_what_is_no_message_do_no_harm(
    unchecked_web: Process, make_workspace: MakeWorkspace
) -> None:
    mine = make_workspace()
    key_id = key_of(mine)
    notice = Notice(mine.tenant.id, Subject.KEY, key_id)
    with Chat(unchecked_web.socket_url, mine.publishable_key) as chat:
        wait_until_heard(mine)
        async_to_sync(layer.send_notices)([notice] * 3_000)
        for junk in (b"\xc1", b"", b"\x93", b"[]", b"\x90", b"\x00"):
            sync_redis("channels").publish(group_channel(mine), junk)
        assert is_open(chat)
        revoke(mine)
        assert chat.close_code(PATIENCE) == 4401
    assert "Traceback" not in unchecked_web.log()


def test_a_notice_waits_for_the_commit(
    unchecked_web: Process, make_workspace: MakeWorkspace
) -> None:
    mine = make_workspace()
    key_id = key_of(mine)
    with Chat(unchecked_web.socket_url, mine.publishable_key) as chat:
        wait_until_heard(mine)
        with platform_context(), transaction.atomic():
            revoke_key(tenant_id=mine.tenant.id, key_id=key_id)
            transaction.set_rollback(True)
        assert is_open(chat)
        revoke(mine)
        assert chat.close_code(PATIENCE) == 4401


def test_a_cut_connection_is_made_again_with_its_groups(
    unchecked_web: Process, make_workspace: MakeWorkspace
) -> None:
    mine = make_workspace()
    with Chat(unchecked_web.socket_url, mine.publishable_key) as chat:
        wait_until_heard(mine)
        sync_redis("channels").client_kill_filter(_type="pubsub")
        wait_until_heard(mine)
        revoke(mine)
        assert chat.close_code(PATIENCE) == 4401


def test_a_group_is_left_with_the_last_socket_and_joined_with_the_next(
    make_workspace: MakeWorkspace,
) -> None:
    mine = make_workspace()
    with Process("web", broken="leaves_soon", environment=NEVER) as web:
        for _ in range(3):
            with Chat(web.socket_url, mine.publishable_key) as first:
                wait_until_heard(mine)
                with Chat(web.socket_url, mine.publishable_key):
                    wait_until_heard(mine)
                assert is_open(first)
            wait_until_heard(mine, processes=0)
        with Chat(web.socket_url, mine.publishable_key) as last:
            wait_until_heard(mine)
            revoke(mine)
            assert last.close_code(PATIENCE) == 4401


@pytest.mark.parametrize("event", [revoke, suspend])
def test_the_regular_check_closes_sockets_when_the_layer_drops_everything(
    deaf_web: Process, make_workspace: MakeWorkspace, event: Callable[[Workspace], None]
) -> None:
    mine, other = make_workspace(), make_workspace()
    with (
        Chat(deaf_web.socket_url, mine.publishable_key) as chat,
        Chat(deaf_web.socket_url, other.publishable_key) as theirs,
    ):
        event(mine)
        assert chat.close_code(PATIENCE) == 4401
        assert is_open(theirs)
    assert "Traceback" not in deaf_web.log()


def test_without_redis_a_key_is_revoked_all_the_same(make_workspace: MakeWorkspace) -> None:
    mine = make_workspace()
    dead = {**SOON, "REDIS_URL": "redis://127.0.0.1:1"}
    with (
        Process("web", environment=dead) as web,
        Chat(web.socket_url, mine.publishable_key) as chat,
    ):
        assert is_open(chat)
        revoke(mine)
        assert chat.close_code(PATIENCE) == 4401
        assert "Traceback" not in web.log()


@pytest.mark.parametrize("broken", ["no_heartbeat", "deaf_layer"])
def test_a_stop_from_another_process_ends_the_turn(
    broken: str, workspace: Workspace, fake: FakeOpenAI, model_environment: dict[str, str]
) -> None:
    """By the layer alone, and by the heartbeat alone."""
    question = f"What is the access code? {uuid4().hex}"
    fake.script({"match": question, "text": "word " * 2_000, "delay": 0.02})
    with (
        Process("web", broken=broken, environment=model_environment) as answering,
        Process("web", environment=model_environment) as other,
        Chat(answering.socket_url, workspace.publishable_key) as asker,
    ):
        asker.ask(question)
        turn_id = asker.receive("turn.started")["turn_id"]
        wait_until_heard(workspace)
        known = {name: asker.ready[name] for name in ("visitor_token", "conversation_id")}
        with Chat(other.socket_url, workspace.publishable_key, **known) as second:
            second.send("turn.stop", turn_id=turn_id)
            wait_for_turn(workspace, "stopped")
        with tenant_context(workspace.tenant.id):
            assert Turn.objects.get().status == "stopped"
            assert Message.objects.get(role="assistant").status == "stopped"


def test_a_tenants_group_is_its_own() -> None:
    names = {layer.group_name(new_id()) for _ in range(100)}
    assert len(names) == 100
    assert all(BaseChannelLayer().require_valid_group_name(name) for name in names)
