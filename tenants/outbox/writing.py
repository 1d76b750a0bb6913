"""Writing events, in the transaction of what they tell of (tenant's context)."""

import json
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from core.ids import new_id
from tenants.context import current_tenant_id

Value = UUID | str | int | bool | None | list[str] | dict[str, str]
_wake: list[Callable[[UUID], None]] = []

# The key's row is locked to the commit: of two transactions that tell of one conversation the second
# gets its number when the first has ended, and numbers are in the order of commits.
_WRITE = """
WITH counted AS (
    INSERT INTO workspace_outboxkey AS counter (key, sequence, used_at)
    VALUES (%(key)s, 1, statement_timestamp())
    ON CONFLICT (key) DO UPDATE
    SET sequence = counter.sequence + 1, used_at = excluded.used_at
    RETURNING sequence
)
INSERT INTO workspace_outboxevent (id, key, sequence, type, data, occurred_at, due_at)
SELECT %(id)s, %(key)s, sequence, %(type)s, %(data)s, statement_timestamp(), statement_timestamp()
FROM counted
"""


def is_on() -> bool:
    """Whether anybody takes events: otherwise nothing is looked up for them, and nothing is written."""
    return bool(settings.EVENT_SINK_URL)


def on_written(tell: Callable[[UUID], None]) -> None:
    """Register what tells a relay, after the commit, whose outbox has something in it."""
    _wake.append(tell)


def write_event(type_: str, *, key: UUID, **data: Value) -> None:
    """Adds an event of the open tenant; nothing without a sink. `key` is what its order belongs to.

    `data` are ids, counts and words of our own, never what people wrote: its members and those of each
    type stand in `static/events/v1.json`.
    """
    if not is_on():
        return
    values: dict[str, UUID | str] = {
        "id": new_id(),
        "key": key,
        "type": type_,
        "data": json.dumps(data, default=str),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
    wake()


def wake() -> None:
    """Has a relay look at the open tenant's outbox, after the commit."""
    for tell in _wake:
        transaction.on_commit(partial(tell, current_tenant_id()), robust=True)
