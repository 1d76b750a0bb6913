"""The naive context: set on what all coroutines share, then awaited, then used.

Swaps `tenants.context._unit`, the step behind `in_tenant`. It is `connection.set_tenant(…)` followed
by an asynchronous query: whoever runs during the await decides whose rows are read.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from tenants import context

_current: dict[str, context.Scope] = {}


async def unit(scope: context.Scope, fn: Callable[[], Any]) -> Any:
    _current["scope"] = scope
    await asyncio.sleep(0.001)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        context._executor(), context.run_in_scope, _current["scope"], fn
    )


context._unit = unit
