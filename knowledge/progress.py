"""How far a document is, written while it is worked on and no more often than anybody looks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from knowledge.models import Document

# Twice a second is more than an eye reads, and a fast document would write thousands.
WRITE_SECONDS = 0.5
HEARTBEAT_SECONDS = 5.0


class Superseded(Exception):
    """The document was deleted or replaced meanwhile: nothing is left to do for this version."""


@dataclass(slots=True)
class Progress:
    """Of one version of a document. `heartbeat` keeps the work ours, or raises LeaseLost."""

    document_id: UUID
    version: int
    heartbeat: Callable[[], None]
    _written: float = field(default=0.0)
    _beaten: float = field(default_factory=time.monotonic)

    def stage(self, stage: Document.Stage, **fields: Any) -> None:
        """Written at once. Raises Superseded, and LeaseLost when the work is no longer ours to do."""
        self._beat()
        self._write(stage=stage, **fields)

    def pages(self, done: int, total: int) -> None:
        """`total` 0 is a sign of life without news."""
        self._now_and_then(**({"pages_done": done, "pages_total": total} if total else {}))

    def chunks(self, done: int) -> None:
        self._now_and_then(chunks_done=done)

    def _now_and_then(self, **fields: Any) -> None:
        now = time.monotonic()
        # Beside the news, because a page that takes long has none.
        if now - self._beaten > HEARTBEAT_SECONDS:
            self._beat()
        if fields and now - self._written > WRITE_SECONDS:
            self._write(**fields)

    def _beat(self) -> None:
        self.heartbeat()
        self._beaten = time.monotonic()

    def _write(self, **fields: Any) -> None:
        self._written = time.monotonic()
        found = Document.objects.filter(pk=self.document_id, version=self.version)
        if not found.update(updated_at=timezone.now(), **fields):
            raise Superseded(f"document {self.document_id} was deleted or replaced")
