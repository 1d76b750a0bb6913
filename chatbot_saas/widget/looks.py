"""The look that goes out with the launcher."""

import asyncio
import json

from cachetools import LRUCache

from chatbot_saas.widget.bundle import Script, dress, read_script
from chatbot_saas.widget.remembered import Remembered
from conversations.chatbots.look import Look, read_look

_MAX_LOOKS, _MAX_SCRIPTS = 4096, 512
_looks: Remembered[Look] = Remembered(read_look, most=_MAX_LOOKS)
# Of the event loop alone, so it needs no lock.
_scripts: LRUCache[tuple[str, str], Script] = LRUCache(_MAX_SCRIPTS)


async def launcher_for(key: str, network: str) -> Script:
    """The launcher with the look of the key's chatbot, or as it is without one. Raises `NotNow`."""
    launcher = read_script("v1.js")
    look = await _looks.find(key, network)
    if look is None:
        return launcher
    given = json.dumps({"key": key, **look}, separators=(",", ":"))
    named = launcher.digest, given
    dressed = _scripts.get(named)
    if dressed is None:
        # Packing takes as long as some hundred requests.
        dressed = _scripts[named] = await asyncio.to_thread(dress, launcher, given)
    return dressed
