"""When a failed call is tried again: never after the first token, at most three attempts."""

import random

from conversations.llm.base import LLMError

ATTEMPTS = 3
# A visitor waits for this long without a word, and not for longer.
MAX_WAIT = 4.0


def wait_before_retry(error: LLMError, attempt: int) -> float | None:
    """Seconds to wait after attempt number `attempt` (from 1), or None to give up."""
    if error.permanent or attempt >= ATTEMPTS:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= MAX_WAIT else None
    return float(0.2 * 2 ** (attempt - 1) * (0.5 + random.random()))
