"""What the person at the terminal sees."""

import time
from collections.abc import Callable

PROGRESS_EVERY = 2.0


def say(text: str) -> None:
    """One line, now, also when the output is a file or a pipe."""
    print(text, flush=True)


def progress(text: str) -> Callable[[], None]:
    """Say `text`; the function to call while it goes on says so every two seconds."""
    say(f"{text} …")
    start = told = time.monotonic()

    def tick() -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= PROGRESS_EVERY:
            told = now
            say(f"  … {now - start:.0f} s")

    return tick
