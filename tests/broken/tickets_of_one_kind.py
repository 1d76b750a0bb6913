"""Documents are queued under the kind that TEST_TICKET_KIND names, so that one known worker does them."""

import os
from typing import Any

from knowledge import services
from tenants.work.tickets import enqueue


def _enqueue(kind: str, payload: dict[str, Any]) -> object:
    return enqueue(os.environ["TEST_TICKET_KIND"], payload)


vars(services)["enqueue"] = _enqueue
