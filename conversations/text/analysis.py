"""Where foreign text is taken apart: beside the event loop, within a budget.

A web process has one loop for all of its tenants. What looks at every sentence of the passages waits
here for one of a few threads, and a text that takes too long costs its own answer the finer look alone.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

# Characters of one text that are looked at; a passage has at most 4,000 unless the operator wants more.
MAX_ANALYSED = 20_000
# With the wait for a thread. Usual texts take milliseconds.
BUDGET_SECONDS = 5.0
_threads = ThreadPoolExecutor(2, thread_name_prefix="text")


async def analyse(
    otherwise: T,
    function: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """What the function gives; `otherwise` when that takes longer than the budget."""
    return await within(BUDGET_SECONDS, otherwise, partial(function, *args, **kwargs))


async def within(seconds: float, otherwise: T, work: Callable[[], T]) -> T:
    """The same with a budget of one's own."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(_threads, work)
    except TimeoutError:
        log.warning("a text took too long to analyse")
        return otherwise
