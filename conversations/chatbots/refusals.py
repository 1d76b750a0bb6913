"""On which pages a chatbot was wanted lately and refused (in the tenant's context).

Kept in Redis for a week: anybody may send any origin, and such rows belong in nobody's backup.
"""

import logging
from typing import Any
from uuid import UUID

import redis
from redis.exceptions import RedisError

from conversations.chatbots.origins import canonical
from core.redis import key, sync_redis
from tenants.context import current_tenant_id

log = logging.getLogger(__name__)

MAX_REFUSED = 20
_KEPT_SECONDS = 7 * 24 * 3600
_LONGEST = 200


def note_refused(*, chatbot_id: UUID, origin: str | None) -> None:
    """A page of this origin, which the chatbot's list does not allow, wanted a chat. The latest few are
    kept; without Redis none."""
    name = canonical(origin) if origin is not None else None
    if name is None or len(name) > _LONGEST:
        return
    kept = _kept(chatbot_id)
    try:
        client = _client()
        seconds, _ = client.time()
        pipeline = client.pipeline(transaction=False)
        pipeline.zadd(kept, {name: seconds})
        pipeline.zremrangebyrank(kept, 0, -MAX_REFUSED - 1)
        pipeline.expire(kept, _KEPT_SECONDS)
        pipeline.execute()
    except (RedisError, OSError):
        log.warning("a refused page is not noted: Redis cannot be reached")


def list_refused(chatbot_id: UUID) -> list[str]:
    """Origins, the latest first; none without Redis."""
    try:
        found: Any = _client().zrevrange(_kept(chatbot_id), 0, MAX_REFUSED - 1)
    except (RedisError, OSError):
        return []
    return [each.decode() for each in found]


def _client() -> "redis.Redis":
    return sync_redis("cache")


def _kept(chatbot_id: UUID) -> str:
    return key(current_tenant_id(), "refused", chatbot_id.hex)
