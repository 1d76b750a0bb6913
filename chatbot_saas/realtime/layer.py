"""Notices over the channel layer: the sender's side, registered in every process.

A tenant has one group, and a process is in it while it holds a socket or a turn of that tenant. The
layer may drop messages; see `tenants.notices`.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from tenants.notices import Notice, Subject

log = logging.getLogger(__name__)

LAYER_ERRORS = (RedisError, OSError)
MESSAGE_TYPE = "tenant.notice"
# Whoever revoked a key waits for this; the regular check would come anyway.
_SEND_SECONDS = 1.0


def group_name(tenant_id: UUID) -> str:
    """The tenant's group; the only way such a name is made."""
    return f"tenant.{tenant_id.hex}"


def write_notice(notice: Notice) -> dict[str, str]:
    return {
        "type": MESSAGE_TYPE,
        "tenant_id": notice.tenant_id.hex,
        "subject": notice.subject.value,
        "id": notice.id.hex,
    }


def read_notice(message: dict[str, Any]) -> Notice | None:
    """None for a message that is not a notice."""
    try:
        # Who can write to Redis is inside the wall; junk must not end the listener all the same.
        if message["type"] != MESSAGE_TYPE:
            return None
        return Notice(UUID(message["tenant_id"]), Subject(message["subject"]), UUID(message["id"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


async def send_notices(notices: Sequence[Notice]) -> None:
    """Tells the processes of each notice's tenant. Without Redis their regular checks must do."""
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            for notice in notices:
                await layer.group_send(group_name(notice.tenant_id), write_notice(notice))
    except LAYER_ERRORS as error:
        log.warning("notices wait for the next check: %s", type(error).__name__)
