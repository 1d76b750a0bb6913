"""What is printed: a line for each phase, and what each comparison found."""

from collections.abc import Iterator
from typing import Any

from bench.drill.storm.ledger import Ledgers, Told
from bench.figures import percentile

_SHOWN = 5


def phases(ledgers: Ledgers) -> dict[str, dict[str, Any]]:
    """By phase, in the order in which they came: turns by how their clients saw them end, the longest
    time until a client saw any state and an end (seconds), and the first text's p95 (ms)."""
    by_phase: dict[str, list[Told]] = {}
    for told in ledgers.told:
        by_phase.setdefault(told.phase, []).append(told)
    return {phase: _phase(turns) for phase, turns in by_phase.items()}


def _phase(turns: list[Told]) -> dict[str, Any]:
    texts = [told.text_after for told in turns if told.text_after is not None]
    return {
        "asked": len(turns),
        "acknowledged": sum(bool(told.turn_id) for told in turns),
        **{
            status: sum(told.status == status for told in turns)
            for status in ("completed", "stopped", "interrupted", "failed")
        },
        "refused": sum(bool(told.refusal) and not told.status for told in turns),
        "resumed": sum(told.resumed for told in turns),
        "longest_to_a_state_s": _longest(told.state_after for told in turns),
        "longest_to_an_end_s": _longest(told.end_after for told in turns),
        "first_text_p95_ms": round(percentile(texts, 0.95) * 1000) if texts else None,
    }


def _longest(times: Iterator[float | None]) -> float:
    return round(max((each for each in times if each is not None), default=0.0), 1)


def say_phases(table: dict[str, dict[str, Any]]) -> None:
    for phase, row in table.items():
        told = ", ".join(f"{name} {value}" for name, value in row.items())
        print(f"      {phase}: {told}", flush=True)


def say_faults(found: dict[str, list[str]]) -> None:
    for name, faults in found.items():
        print(f"      {name}: {len(faults)}", flush=True)
        for fault in faults[:_SHOWN]:
            print(f"        {fault}", flush=True)
