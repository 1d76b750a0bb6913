"""What passes between the steps from a marker to its quote, as values."""

from typing import NamedTuple


class Marker(NamedTuple):
    """`[n]` in a text. `at` is the place of its bracket in characters (Unicode code points), from 0."""

    n: int
    at: int


class Evidence(NamedTuple):
    """What was found without looking at meanings. `carried` is None in doubt; `share` is 0 to 1, and
    `candidates` are the sentences that a meaning is to be compared with."""

    carried: bool | None
    share: float = 0.0
    candidates: tuple[str, ...] = ()


CARRIED_ANYWAY = Evidence(True)


class Quoted(NamedTuple):
    """A marker of an answer, the statement that it stands for, the words that carry it and what tells
    that they do."""

    marker: Marker
    statement: str
    quote: str
    evidence: Evidence = CARRIED_ANYWAY


class Judged(NamedTuple):
    """A marker with its quote, and whether that carries the statement before it."""

    quoted: Quoted
    supported: bool

    def moved(self, by: int) -> "Judged":
        """The same marker so many characters further on."""
        n, at = self.quoted.marker
        return self._replace(quoted=self.quoted._replace(marker=Marker(n, at + by)))
