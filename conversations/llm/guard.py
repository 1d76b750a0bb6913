"""What keeps one failing provider from taking the process with it: a breaker, a budget of retries and a
bound on calls at once, for each endpoint and model. Pure; the clock is handed in.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conversations.llm.base import LLMError

Clock = Callable[[], float]
# Of the latest seconds, how many calls there must be, and which share of them must have failed.
_WINDOW, _LEAST, _FAILED = 10.0, 8, 0.6
# How long it stays open: doubled while the probes fail.
_FIRST_OPEN, _LONGEST_OPEN = 3.0, 60.0
# Calls at once: more of them would only wait for each other.
AT_ONCE = 200
_UNWELL = frozenset(
    {"provider_unavailable", "provider_timeout", "provider_failed", "provider_protocol"}
)


class Breaker:
    """Closed, it lets calls through. Most of the latest having failed, it opens: nothing is asked, until
    one probe at a time is let through, and one that succeeds closes it."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._results: deque[tuple[float, bool]] = deque(maxlen=200)
        self._open_for = 0.0
        self.open_until = 0.0
        self._probing = False

    def let_through(self) -> bool:
        """Whether a call may be made. True while open is a probe: its result decides."""
        if not self._open_for:
            return self._clock() >= self.open_until
        if self._clock() < self.open_until or self._probing:
            return False
        self._probing = True
        return True

    def record(self, succeeded: bool) -> None:
        """A call's result, with which the breaker may open or close."""
        now = self._clock()
        if self._open_for:
            self._end_probe(succeeded)
            return
        self._results.append((now, succeeded))
        while self._results[0][0] < now - _WINDOW:
            self._results.popleft()
        failed = sum(not ok for _, ok in self._results)
        if len(self._results) >= _LEAST and failed >= _FAILED * len(self._results):
            self._open(_FIRST_OPEN)

    def open_with_others(self, seconds: float) -> None:
        """Another process has found it failing."""
        self.open_until = max(self.open_until, self._clock() + seconds)

    def release(self) -> None:
        """A probe that told nothing: its visitor hung up."""
        self._probing = False

    def _end_probe(self, succeeded: bool) -> None:
        was_probe, self._probing = self._probing, False
        if succeeded:
            self._open_for = self.open_until = 0.0
            self._results.clear()
        elif was_probe:
            self._open(min(self._open_for * 2, _LONGEST_OPEN))

    def _open(self, seconds: float) -> None:
        self._open_for, self.open_until = seconds, self._clock() + seconds

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.open_until - self._clock())


class RetryBudget:
    """A fifth of the calls may be tried again, and a few at the beginning: what fails as a whole gets
    little more than the calls themselves."""

    _SHARE, _MOST = 0.2, 10.0

    def __init__(self) -> None:
        self._left = self._MOST

    def deposit(self) -> None:
        self._left = min(self._MOST, self._left + self._SHARE)

    def withdraw(self) -> bool:
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Guard:
    """The three of one endpoint and model, in one process."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.breaker, self.retries = Breaker(clock), RetryBudget()
        self._running = 0

    @contextmanager
    def call(self) -> Iterator["Call"]:
        """One answer's calls. Raises `LLMError` when none may be made now."""
        if self._running >= AT_ONCE:
            raise LLMError("provider_busy", "too many calls at once", permanent=True)
        if not self.breaker.let_through():
            raise LLMError("provider_unavailable", "it fails at the moment", permanent=True)
        self.retries.deposit()
        self._running += 1
        call = Call(self)
        try:
            yield call
        finally:
            self._running -= 1
            if not call.told:
                self.breaker.release()


class Call:
    """Tells the guard how it goes: by the first text, or by an error."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.told = False

    def succeed(self) -> None:
        if not self.told:
            self.told = True
            self._guard.breaker.record(True)

    def fail(self, error: LLMError) -> bool:
        """Whether it says something of the provider: a refusal of this one request does not."""
        is_refusal = error.permanent and error.code == "provider_failed"
        if error.code not in _UNWELL or is_refusal:
            return False
        self.told = True
        self._guard.breaker.record(False)
        return True

    def may_retry(self) -> bool:
        return self._guard.retries.withdraw() and self._guard.breaker.seconds_left == 0
