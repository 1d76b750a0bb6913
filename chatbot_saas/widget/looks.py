"""The look that goes out with the launcher, remembered for a moment: whoever has a page of many visitors
costs the database two steps a minute, and whoever tries keys costs it little."""

import asyncio
import json

from cachetools import LRUCache, TTLCache

from chatbot_saas.widget.bundle import Script, dress, read_script
from conversations.chatbots.look import Look, read_look
from core.client_ip import network_of
from tenants.context import DATABASE_AWAY, in_platform, in_tenant
from tenants.keys.publishable import find_owner, is_publishable

_FRESH_SECONDS, _MAX_LOOKS, _MAX_SCRIPTS = 30.0, 4096, 512
# The checksum of a key is no secret, so anybody can make keys that have to be looked up.
_MOST_LOOK_UPS, _WINDOW, _MAX_NETWORKS = 60, 60.0, 4096
_MOST_AT_ONCE = 8

# All of them are of the event loop alone, so they need no lock.
_looks: TTLCache[str, Look | None] = TTLCache(_MAX_LOOKS, _FRESH_SECONDS)
_looked_up: TTLCache[str, list[None]] = TTLCache(_MAX_NETWORKS, _WINDOW)
_asking: dict[str, "asyncio.Future[Look | None]"] = {}
_scripts: LRUCache[tuple[str, str], Script] = LRUCache(_MAX_SCRIPTS)


class NotNow(Exception):
    """The look is not known, and is not looked up at the moment."""


async def launcher_for(key: str, address: str) -> Script:
    """The launcher with the look of the key's chatbot, or as it is without one. Raises `NotNow`."""
    launcher = read_script("v1.js")
    look = await _find(key, network_of(address)) if is_publishable(key) else None
    if look is None:
        return launcher
    given = json.dumps({"key": key, **look}, separators=(",", ":"))
    named = launcher.digest, given
    dressed = _scripts.get(named)
    if dressed is None:
        # Packing takes as long as some hundred requests.
        dressed = _scripts[named] = await asyncio.to_thread(dress, launcher, given)
    return dressed


async def _find(key: str, network: str) -> Look | None:
    if key in _looks:
        return _looks[key]
    if key not in _asking:
        look_ups = _looked_up.get(network) or _looked_up.setdefault(network, [])
        if len(look_ups) >= _MOST_LOOK_UPS or len(_asking) >= _MOST_AT_ONCE:
            raise NotNow
        look_ups.append(None)
        # Of its own, because the first to ask may go before it is found.
        _asking[key] = asyncio.ensure_future(_ask(key))
    return await asyncio.shield(_asking[key])


async def _ask(key: str) -> Look | None:
    try:
        owner = await in_platform(find_owner, key)
        look = owner and await in_tenant(owner.tenant_id, read_look, owner.chatbot_id)
        _looks[key] = look
    except DATABASE_AWAY as error:
        raise NotNow from error
    finally:
        del _asking[key]
    return look
