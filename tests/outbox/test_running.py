"""The relay's thread: it lives on whatever happens, and shares no connection with a child of a fork."""

import logging
import os
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tenants.outbox.running import Relay
from tenants.outbox.upkeep import read_outbox
from tenants.schemas.provisioning import TenantRef
from tests.eventually import eventually
from tests.outbox.outbox import fill, read_stream, stream, take_turn


class Named(Relay):
    """Of what it is told alone."""

    def _sweep(self) -> list[UUID]:
        return []


def is_told(name: str, tenant_id: UUID) -> Callable[[], bool]:
    return lambda: any(body["tenantid"] == str(tenant_id) for body in read_stream(name))


def test_it_lives_on_after_a_fault_of_any_kind(
    workspace: Workspace, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    # Refused by the client itself, and past the start's own checks.
    settings.EVENT_SINK_URL = "amqp://me:hidden@host:port/0"
    relay = Named()
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
    with caplog.at_level(logging.WARNING):
        relay.want(workspace.tenant.id)
        eventually(lambda: "the relay of events failed: ValueError" in caplog.text)
    (line,) = [r for r in caplog.records if "relay of events failed" in r.getMessage()][:1]
    assert line.exc_info is None and "hidden" not in caplog.text
    with stream() as name:
        settings.EVENT_SINK_URL = f"redis:///?stream={name}"
        relay.want(workspace.tenant.id)
        eventually(is_told(name, workspace.tenant.id))
    assert [each.name for each in threading.enumerate()].count("relay") >= 1


def test_a_kafka_client_that_cannot_be_made_is_a_sink_that_is_away(
    workspace: Workspace, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EVENT_SINK_URL = "kafka://me:hidden@127.0.0.1:1/events?ca=/nowhere/ca.pem"
    with tenant_context(workspace.tenant.id):
        take_turn(workspace)
    relay = Named()
    with caplog.at_level(logging.WARNING):
        relay.want(workspace.tenant.id)
        eventually(lambda: "the sink of events is away: Kafka" in caplog.text)
    assert "hidden" not in caplog.text


def test_a_backlog_holds_up_no_other_workspace(
    workspace: Workspace, other_tenant: TenantRef, settings: Settings
) -> None:
    with stream() as name:
        settings.EVENT_SINK_URL = f"redis:///?stream={name}"
        with tenant_context(workspace.tenant.id):
            fill(keys=5, each=1000)
        with tenant_context(other_tenant.id):
            fill(keys=1, each=1)
        relay = Named(sweep_seconds=0.02)
        relay.want(workspace.tenant.id, other_tenant.id)
        eventually(is_told(name, other_tenant.id))
        with tenant_context(workspace.tenant.id):
            assert read_outbox().waiting > 0
            # It is taken up again without a word.
            eventually(lambda: read_outbox().waiting == 0, within=60)


def test_a_child_of_a_fork_has_a_sink_of_its_own(workspace: Workspace, settings: Settings) -> None:
    with stream() as name:
        settings.EVENT_SINK_URL = f"redis:///?stream={name}"
        relay = Named()
        parents = relay.sink()
        assert relay.sink() is parents
        child = os.fork()
        if not child:
            os._exit(0 if relay.sink() is not parents else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert relay.sink() is parents
