"""What outboxes cost: nothing of what has arrived is kept for long, and nobody reads past it."""

from django.db import connection
from pytest_django import Settings

from conversations.chatbots.onboarding import Workspace
from tenants.context import tenant_context
from tenants.outbox import relay, upkeep
from tenants.outbox.upkeep import read_outbox, tidy
from tenants.workspace.models import OutboxEvent
from tests.outbox.outbox import fill


def plan(query: str, *values: str | int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF) {query}", list(values) or None)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_all_that_arrived_long_ago_is_removed_and_a_short_turn_says_that_some_is_left(
    workspace: Workspace,
) -> None:
    with tenant_context(workspace.tenant.id):
        fill(keys=1, each=25_000, delivered_hours=25)
        tidied = tidy(seconds=0)
        assert (tidied.dropped, tidied.is_whole, OutboxEvent.objects.count()) == (0, False, 15_000)
        tidied = tidy(seconds=600)
        assert (tidied.dropped, tidied.is_whole, OutboxEvent.objects.count()) == (0, True, 0)


def test_nobody_reads_past_what_has_arrived(workspace: Workspace, settings: Settings) -> None:
    settings.EVENT_SINK_URL = "redis:///"
    with tenant_context(workspace.tenant.id):
        fill(keys=1, each=20_000, delivered_hours=1)
        fill(keys=3, each=20)
        assert read_outbox().waiting == 60
        assert "Seq Scan on workspace_outboxevent" not in plan(upkeep._READ)
        # Of each key its first alone is read, however many wait.
        found = plan(relay._TAKE, "00000000-0000-0000-0000-000000000000", 500)
        assert "Seq Scan" not in found and "Sort" not in found
        assert len(relay._take()) == 3
