"""An event that is refused each time: set aside, counted, and sent again on an operator's word."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from core.metrics import EVENTS
from tenants.context import tenant_context
from tenants.outbox.relay import MAX_ATTEMPTS
from tenants.outbox.sinks.opening import open_sink
from tenants.outbox.upkeep import read_outbox
from tenants.workspace.models import OutboxEvent
from tests.outbox.kafka_server import MESSAGE_TOO_LARGE, running
from tests.outbox.outbox import deliver_all, take_turn


def say(*arguments: str) -> str:
    out = StringIO()
    call_command("events", *arguments, stdout=out)
    return out.getvalue()


def test_it_is_set_aside_and_its_key_goes_on_until_it_is_sent_again(
    settings: Settings, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    slug = ("--workspace", workspace.tenant.slug)
    with running() as kafka, tenant_context(workspace.tenant.id):
        settings.EVENT_SINK_URL = kafka.url
        take_turn(workspace)
        aside = EVENTS.labels("set_aside")._value.get()
        OutboxEvent.objects.filter(sequence=1).update(attempts=MAX_ATTEMPTS - 1)
        kafka.tell("fail", MESSAGE_TOO_LARGE, 1)
        assert deliver_all(open_sink()) == 1
        assert EVENTS.labels("set_aside")._value.get() == aside + 1
        assert "set aside after 12 attempts" in caplog.text
        assert (read_outbox().waiting, read_outbox().set_aside) == (0, 1)
        assert say("status", *slug).endswith("; 1 set aside\n")
        assert say("resend", *slug) == "1 events will be sent again.\n"
        assert deliver_all(open_sink()) == 1
        assert say("status", *slug) == ""
        order = [int(body["sequence"]) for body in kafka.read()]
        assert order == [2, 1]
        assert say("resend", "--delivered-within", "1", *slug) == "2 events will be sent again.\n"
        assert deliver_all(open_sink()) == 2


def test_the_command_says_what_is_wrong(settings: Settings) -> None:
    with pytest.raises(CommandError, match="EVENT_SINK_URL is not set"):
        say("status")
    settings.EVENT_SINK_URL = "redis:///"
    with pytest.raises(CommandError, match="There is no workspace nowhere"):
        say("resend", "--workspace", "nowhere")
    with pytest.raises(CommandError, match="from 1 to 24 hours"):
        say("resend", "--delivered-within", "99")
