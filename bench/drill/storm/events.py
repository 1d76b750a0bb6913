"""What a client makes of the events of its turn."""

import time
from typing import Any

from bench.drill.storm.crowd import since
from bench.drill.storm.ledger import Told


class Reader:
    """Writes one turn's events into what its client was told, and keeps the id of the last one."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.began = time.monotonic()
        self.last_id: str | None = None
        self._number = 0

    def take(self, event: dict[str, Any]) -> None:
        told, kind = self.told, event["type"]
        self._state()
        if kind == "turn.snapshot":
            told.text = event["text"]
            self._end(event["status"], event["usage"])
            return
        self._count(event)
        if kind == "turn.started":
            told.turn_id = event["turn_id"]
        elif kind == "turn.delta":
            told.text += event["text"]
            if told.text_after is None:
                told.text_after = since(self.began)
        elif kind == "turn.completed":
            status = "stopped" if event["finish_reason"] == "stopped" else "completed"
            self._end(status, event["usage"])
        elif kind == "turn.failed":
            self._end("interrupted" if event["code"] == "interrupted" else "failed", None)

    def refuse(self, code: str) -> None:
        self._state()
        self.told.refusal = code

    def _state(self) -> None:
        if self.told.state_after is None:
            self.told.state_after = since(self.began)

    def _end(self, status: str, usage: dict[str, int] | None) -> None:
        self.told.status = status
        self.told.end_after = since(self.began)
        if usage is not None:
            self.told.tokens = (usage["tokens_in"], usage["tokens_out"])

    def _count(self, event: dict[str, Any]) -> None:
        """Events are numbered from 1 without a gap or a repeat, whichever process they come from."""
        self.last_id = event["event_id"]
        self._number += 1
        number = int(event["event_id"].rpartition(":")[2])
        if number != self._number:
            self.told.faults.append(f"event {number} came as number {self._number}")
            self._number = number
