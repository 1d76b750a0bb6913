"""Time in which waiting takes none."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTime(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time: its clock goes to whatever comes next."""

    def __init__(self) -> None:
        super().__init__()
        self._shift = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def skip(timeout: float | None) -> Any:
            if timeout:
                self._shift += timeout
            return select(0)

        self._selector.select = skip  # type: ignore[attr-defined]

    def time(self) -> float:
        return super().time() + self._shift


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        return runner.run(work())
