"""How tests and the bench start, script and read the fake provider."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_ROOT = Path(__file__).resolve().parents[2]


class FakeOpenAI:
    """A running fake. `url` is its `base_url` (it ends in `/v1`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url.removesuffix("/v1"), trust_env=False, timeout=5)

    def script(self, *behaviours: dict[str, Any]) -> None:
        """Queues behaviours (fields of `Behaviour`); each serves one request unless it says so."""
        self._http.post("/_script", json=list(behaviours)).raise_for_status()

    def default(self, **behaviour: Any) -> None:
        """What a request gets when nothing queued fits it."""
        self._http.post("/_default", json=behaviour).raise_for_status()

    def release(self) -> None:
        """Lets every answer go on that is held, or will be before the next one is scripted so."""
        self._http.post("/_release").raise_for_status()

    def log(self, containing: str = "") -> list[dict[str, Any]]:
        """Requests seen so far whose body holds the text."""
        seen: list[dict[str, Any]] = self._http.get("/_log").raise_for_status().json()
        return [entry for entry in seen if containing in str(entry["body"])]

    def reset(self) -> None:
        self._http.delete("/_script").raise_for_status()

    def close(self) -> None:
        self._http.close()


@contextmanager
def running(port: int = 0) -> Iterator[FakeOpenAI]:
    """Starts a fake in its own process and ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_openai", "--port", str(port)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    fake = FakeOpenAI(process.stdout.readline().strip())
    try:
        yield fake
    finally:
        fake.close()
        process.terminate()
        process.wait(timeout=5)
