"""The drill itself: what is there, what is destroyed, what comes back, and how long it takes."""

import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from bench import workspaces
from bench.drill.recovery import database
from bench.drill.recovery.copies import copy_workspace
from bench.drill.recovery.database import Kept
from bench.drill.recovery.load import Load, lost
from bench.drill.storm.machine import Machine
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Conversation, Message
from core.ids import new_id
from knowledge.services import create_document
from tenants.context import tenant_context

# Seconds: the oldest confirmed write that may be lost, and until questions are answered again.
RPO, RTO = 5.0, 60.0
SCALE = float(os.environ.get("RECOVERY_SCALE", "1"))
# Messages of a workspace that nobody uses meanwhile: 600 MB of tables and indexes, and 200 MB.
BALLAST, QUIET = round(800_000 * SCALE), round(200_000 * SCALE)
TENANTS, PROGRAMS = 4, 2
BEFORE, AFTER = round(1_500 * SCALE) + 100, 100
_MEGABYTE = 1e6


def play(product: Machine, folder: Path) -> dict[str, Any]:
    workspaces.prepare_platform()
    busy = [workspaces.make_workspace() for _ in range(TENANTS)]
    quiet = workspaces.make_workspace()
    _fill(workspaces.make_workspace(), BALLAST)
    _fill(quiet, QUIET)
    kept, owned = Kept(folder), product.owned
    load = Load(product.webs[0].url, busy, PROGRAMS)
    with database.following(product.layout, kept):
        base_s = database.copy_base(product.layout, kept)
        load.start()
        try:
            load.until(BEFORE, within=600)
            _give_connections_back()
            destroyed_at = time.monotonic()
            database.destroy(owned)
        except BaseException:
            load.end()
            raise
    try:
        database.recover(owned, kept)
        recovered_at = time.monotonic()
        known = len(load.confirmed)
        load.until(known + 1, within=RTO * 2)
        answered_at = load.confirmed[known].at
        load.until(known + AFTER, within=300)
        copied = copy_workspace(quiet.tenant.slug, folder)
    finally:
        load.end()
    missing = lost(load.confirmed)
    oldest = min((write.at for write in missing), default=destroyed_at)
    rpo, rto = destroyed_at - oldest, answered_at - destroyed_at
    return {
        "passed": rpo <= RPO and rto <= RTO and not copied["differing"],
        "did": "a database that is destroyed under load, and a workspace that is copied",
        "confirmed_writes": len(load.confirmed),
        "lost_writes": len(missing),
        "rpo_s": round(rpo, 2),
        "rto_s": round(rto, 1),
        "of_it_server_s": round(recovered_at - destroyed_at, 1),
        "base_mb": round(kept.size(kept.base) / _MEGABYTE),
        "base_s": round(base_s, 1),
        "wal_mb": round(kept.size(kept.wal) / _MEGABYTE),
        "workspace": copied,
    }


def _fill(workspace: Workspace, messages: int) -> None:
    """Conversations of ten messages, and a document."""
    with tenant_context(workspace.tenant.id):
        create_document(filename="yard.txt", content=b"The night watch begins at nine.")
        chatbot = Chatbot.objects.get()
        conversations = _conversations(chatbot.pk, max(1, messages // 10))
        Message.objects.bulk_create(
            (
                _message(conversations[number % len(conversations)], number)
                for number in range(messages)
            ),
            batch_size=2_000,
        )


def _conversations(chatbot_id: UUID, count: int) -> list[UUID]:
    made = Conversation.objects.bulk_create(
        (
            Conversation(
                chatbot_id=chatbot_id, visitor_id=new_id(), last_message_at="2026-01-01T00:00Z"
            )
            for _ in range(count)
        ),
        batch_size=2_000,
    )
    return [each.pk for each in made]


def _message(conversation_id: UUID, number: int) -> Message:
    text = (
        f"The lorry {number} waits at gate {number % 97} for a pallet of glass from the cold store."
    )
    return Message(
        conversation_id=conversation_id,
        role="visitor" if number % 2 else "assistant",
        text=text * 3,
        created_at="2026-01-01T00:00Z",
    )


def _give_connections_back() -> None:
    """What is idle here would be lost with PostgreSQL."""
    own: Any = connection
    own.close()
    own.close_pool()
