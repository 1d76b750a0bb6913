"""What each side says of the same turns and documents, as plain values. A turn's `mark` is its
`client_turn_id` and stands in its question, so that every side names it alike."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Told:
    """One turn as its client saw it. `turn_id` is empty until it was acknowledged, `status` until an end
    was told; `faults` are gaps and repeats in its events. Times are seconds after it was asked."""

    mark: str
    tenant: str
    phase: str
    question: str
    turn_id: str = ""
    status: str = ""
    text: str = ""
    tokens: tuple[int, int] | None = None
    refusal: str = ""
    state_after: float | None = None
    text_after: float | None = None
    end_after: float | None = None
    resumed: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a stored turn."""

    role: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn in PostgreSQL. `provider` is empty for one that the sweeper ended, which is not charged."""

    id: str
    mark: str
    tenant: str
    status: str
    provider: str
    messages: tuple[Said, ...]

    @property
    def replies(self) -> tuple[Said, ...]:
        return tuple(each for each in self.messages if each.role == "assistant")


@dataclass(frozen=True, slots=True)
class Charge:
    """A usage record."""

    turn_id: str
    tokens: tuple[int, int]
    source: str


@dataclass(frozen=True, slots=True)
class Books:
    """A tenant's sums: what is held, what the month and the days say was used, what the records add up to
    (turns, cost)."""

    tenant: str
    holds: int
    held: tuple[int, str]
    month: tuple[int, str]
    days: tuple[int, str]
    records: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the provider saw it: what it sent, and whether it said that this was all; `canaries` are
    the tenants whose documents it was shown."""

    mark: str
    number: int
    text: str
    finished: bool
    tokens: tuple[int, int] | None
    canaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that was acknowledged, and the content by which its undisturbed twin is found."""

    id: str
    tenant: str
    content: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in PostgreSQL. `chunks` is a digest of all its chunks in their order, `doubles` counts
    ordinals that are there twice, `unsearchable` chunks without exactly one vector."""

    id: str
    tenant: str
    status: str
    took: float
    chunks: str
    doubles: int = 0
    unsearchable: int = 0


@dataclass(slots=True)
class Ledgers:
    """All of them. `calm` has the chunks of an undisturbed ingestion by content; `corpora` what each
    tenant's index says it holds, and what it holds."""

    told: list[Told] = field(default_factory=list)
    turns: list[StoredTurn] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    books: list[Books] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    documents: list[StoredDocument] = field(default_factory=list)
    calm: dict[str, str] = field(default_factory=dict)
    corpora: dict[str, tuple[int, int]] = field(default_factory=dict)

    def turn_of(self) -> dict[str, StoredTurn]:
        return {turn.id: turn for turn in self.turns}

    def calls_of(self) -> dict[str, list[Call]]:
        """The calls of each mark, in the order in which they came."""
        calls: dict[str, list[Call]] = {}
        for call in sorted(self.calls, key=lambda call: call.number):
            calls.setdefault(call.mark, []).append(call)
        return calls
