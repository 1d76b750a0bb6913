"""The beginning and end of a web process, as ASGI's lifespan protocol tells them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from chatbot_saas.realtime import key_watch
from chatbot_saas.realtime.listener import end_listening
from conversations.llm.providers import close_providers, warm_up
from conversations.turns import live
from conversations.turns.control import end_control, ensure_control
from conversations.turns.sweep import sweep_all
from tenants.context import in_platform_reserved

log = logging.getLogger(__name__)


async def lifespan(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Start: orphaned turns are found, beside the first requests. End: running turns finish within
    `TURN_DRAIN_SECONDS` or are saved as they are."""
    await receive()
    ensure_control()
    # Not waited for: a start must not depend on how many tenants there are.
    sweep = asyncio.create_task(in_platform_reserved(sweep_all))
    sweep.add_done_callback(_report)
    warm = asyncio.create_task(warm_up())
    warm.add_done_callback(_report_cold)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await live.drain(settings.TURN_DRAIN_SECONDS)
    await end_listening()
    await key_watch.end_watch()
    await end_control()
    await close_providers()
    await send({"type": "lifespan.shutdown.complete"})


def _report(sweep: "asyncio.Task[int]") -> None:
    if sweep.cancelled():
        return
    error = sweep.exception()
    if error is not None:
        log.error("the sweep at the start failed", exc_info=error)
    elif sweep.result():
        log.info("turns of ended processes were interrupted", extra={"turns": sweep.result()})


def _report_cold(warm: "asyncio.Task[None]") -> None:
    """A remote embedding service may be away at the start; the turns will say so themselves."""
    if not warm.cancelled() and warm.exception() is not None:
        log.warning("not warmed up: %s", type(warm.exception()).__name__)
