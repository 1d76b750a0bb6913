"""How often a visitor, an address and a tenant may ask.

With Redis down nobody is refused here: the quota in PostgreSQL is what protects the money, and a
widget that still answers is worth more than an exact rate.
"""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from core.client_ip import network_of
from core.errors import RateLimited
from core.redis import key
from tenants.limits.windows import Limit, take

# Visitors behind one address, as in an office, share it.
_VISITORS_PER_ADDRESS = 10
# Chats that a network may always open in a minute: a whole school may come at once.
_SESSIONS_PER_ADDRESS = 200
_DAY = 24 * 3600
_EXPORTS_PER_HOUR = 20
# Of a workspace's minute, what all visitors together may use: the rest is for its own programs.
_VISITORS_SHARE = 0.8
# Of a workspace's minute, and of its month in one day, what one address may use.
_ADDRESS_SHARE, _ADDRESS_SHARE_OF_MONTH = 0.5, 0.1
# Nobody is blamed: a visitor knows neither the workspace nor who else asks.
_BUSY = "There are many questions at the moment."


async def check_turn_rate(
    *,
    tenant_id: UUID,
    turns_per_minute: int,
    visitor_turns_per_minute: int,
    messages_per_month: int,
    visitor_id: UUID | None = None,
    address: str | None = None,
) -> None:
    """Count one turn against each limit that applies, when all of them let it in. `address` is given
    for visitors of a page alone. Raises `RateLimited` with the wait in seconds."""
    limits: list[Limit] = []
    if visitor_id is not None:
        told = f"You asked {visitor_turns_per_minute} questions within a minute."
        name = key(tenant_id, "visitor", visitor_id.hex)
        limits.append(Limit(name, visitor_turns_per_minute, told))
    if address is not None:
        per_address = min(
            visitor_turns_per_minute * _VISITORS_PER_ADDRESS,
            max(1, int(turns_per_minute * _ADDRESS_SHARE)),
        )
        a_day = max(visitor_turns_per_minute, int(messages_per_month * _ADDRESS_SHARE_OF_MONTH))
        network = _name(address)
        limits += [
            Limit(key(tenant_id, "address", network), per_address, _BUSY),
            Limit(key(tenant_id, "address-day", network), a_day, _BUSY, _DAY),
            Limit(
                key(tenant_id, "visitors", "all"),
                max(1, int(turns_per_minute * _VISITORS_SHARE)),
                _BUSY,
            ),
        ]
    told = (
        _BUSY
        if address is not None
        else f"This workspace may ask {turns_per_minute} times a minute."
    )
    limits.append(Limit(key(tenant_id, "tenant", "all"), turns_per_minute, told))
    await _check(limits)


async def check_session_rate(
    *, tenant_id: UUID, turns_per_minute: int, visitor_turns_per_minute: int, address: str
) -> None:
    """Count one opened session of an address: each writes a row. Raises `RateLimited`."""
    per_address = min(
        visitor_turns_per_minute * _VISITORS_PER_ADDRESS,
        max(_SESSIONS_PER_ADDRESS, int(turns_per_minute * _ADDRESS_SHARE)),
    )
    told = f"Your network may open a chat {per_address} times a minute."
    await _check([Limit(key(tenant_id, "session", _name(address)), per_address, told)])


async def check_embedding_rate(*, tenant_id: UUID, per_minute: int) -> None:
    """Count one request for vectors: they have a minute of their own, so that a program that indexes
    takes no visitor's turn. Raises `RateLimited`."""
    told = f"This workspace may ask for vectors {per_minute} times a minute."
    await _check([Limit(key(tenant_id, "embeddings", "all"), per_minute, told)])


async def check_export_rate(*, tenant_id: UUID) -> None:
    """Count one export of conversations, which may be all of them. Raises `RateLimited`."""
    told = f"A workspace may export its conversations {_EXPORTS_PER_HOUR} times an hour."
    exports = key(tenant_id, "export", "conversations")
    await _check([Limit(exports, _EXPORTS_PER_HOUR, told, window=3600)])


def _name(address: str) -> str:
    # IPv6 has colons, which separate the parts of a key.
    return network_of(address).replace(":", ".").replace("/", "-") or "unknown"


async def _check(limits: list[Limit]) -> None:
    refused = await take(limits)
    if refused is None:
        return
    raise RateLimited(
        f"{refused.limit.refusal} Try again in {_spoken(refused.wait)}.",
        retry_after=refused.wait,
        until=timezone.now() + timedelta(seconds=refused.wait),
        limit=refused.limit.name,
    )


def _spoken(seconds: int) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{-(-seconds // unit)} {name}"
    return f"{seconds} seconds"
