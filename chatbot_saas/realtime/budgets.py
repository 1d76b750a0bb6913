"""How much one client may send: frames of a socket, sockets of an address. Pure."""

from collections import Counter

from core.client_ip import network_of


class FrameBudget:
    """So many frames at once, and so many a second from then on."""

    def __init__(self, *, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._left, self._at = burst, 0.0

    def take(self, now: float) -> bool:
        """One frame at this time in seconds; False when it is one too many."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        self._left -= 1
        return self._left >= 0


class OpenSockets:
    """The sockets of one process by the address that opened them."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def enter(self, address: str, *, limit: int) -> bool:
        """False, and nothing is counted, when the address has so many open already."""
        network = network_of(address)
        if self._open[network] >= limit:
            return False
        self._open[network] += 1
        return True

    def leave(self, address: str) -> None:
        network = network_of(address)
        self._open[network] -= 1
        if self._open[network] <= 0:
            del self._open[network]
